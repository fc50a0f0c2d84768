// Command boot serves one function on OpenFaaS. It is compiled in a build context, where the folder
// of the function is the root package of the module.
package main

import (
	"os"

	function "diom.io/workflow"

	"diom.io/workflow/shared/faas"
)

func main() { os.Exit(faas.Main(function.Function, function.Handle)) }
