// Peers are other engines and gateways in Go, in a module and a process of their own: what they import never comes near
// the gateway's modules.
//
//	peers bloblang MAPPING PAGE LOOKUPS   maps a page again and again, as worker.Serve says
//	peers lura LISTEN UPSTREAM LOOKUPS    serves what UPSTREAM answers, as it is below /pass/ and mapped below /map/
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "bloblang":
		return bloblangWorker(args[1], args[2], args[3])
	case len(args) == 4 && args[0] == "lura":
		return luraGateway(args[1], args[2], args[3])
	}
	return fmt.Errorf("usage: peers bloblang MAPPING PAGE LOOKUPS | peers lura LISTEN UPSTREAM LOOKUPS")
}
