// Package contract has what JavaScript sees of the module as tables: the options of createClient and the
// codes of errors. From them, and from the table of operations in package gws, follow the types in
// js/src and the tables of the manual. So does what reads the options in package core. It is no
// part of the module: what makes an error is in package outbound, whose tests compare.
package contract

//go:generate go run ../cmd/contract ../..
