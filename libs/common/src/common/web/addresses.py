"""Where a service with pages has its login; public by nature (`common.security.PUBLIC`)."""

LOGIN = "/masuk"
CALLBACK = "/masuk/kembali"
LOGOUT = "/keluar"
