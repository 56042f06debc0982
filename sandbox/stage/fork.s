// Empty: with a file for the assembler in the package, the compiler takes functions without a body (fork.go has three whose
// bodies are the runtime's).
