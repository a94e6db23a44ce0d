"""The registry's HTTP interface: routes that translate, and decide nothing."""
