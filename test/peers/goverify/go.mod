module chancery.dev/test/goverify

go 1.25
