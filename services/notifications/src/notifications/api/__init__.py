"""The HTTP interface of notifications: routes that translate, and decide nothing."""
