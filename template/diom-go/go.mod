// This file keeps the template out of the main module: ./... does not reach it, and what it imports
// is known in a build context alone.
module template

go 1.26
