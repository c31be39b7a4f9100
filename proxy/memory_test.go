package proxy_test

const childEnv = "MB_PROXY_TEST_CHILD"

func serveForParent() {}
