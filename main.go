// Command cutaway shows Linux containers the way the kernel sees them.
package main

import (
	"os"

	"cutaway/ui/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:]))
}
