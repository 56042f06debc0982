// Package caps turns capability masks into names and back, knows the sets that container engines grant, and says in plain
// sentences what each capability allows, what holding it in a container means for the host, and what each of a
// thread's five sets is for (capabilities(7)).
//
// It holds facts and pure functions; the one file it reads is cap_last_cap. It is the only importer of gocapability, and
// uses it for the list of names alone.
package caps
