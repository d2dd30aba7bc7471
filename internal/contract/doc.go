// Package contract has what JavaScript sees of the module as tables: the options of createClient and the
// codes of errors. From them, and from the table of operations in package gws, follow the types in
// js/src and the tables of the manual. It is no part of the module: what reads an option is in package core,
// what makes an error in package outbound, and their tests compare.
package contract

//go:generate go run ../cmd/contract ../..
