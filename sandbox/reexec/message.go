package reexec

import (
	"os"

	"golang.org/x/sys/unix"

	"cutaway/inspect/fault"
	"cutaway/sandbox/stage"
)

// Message is one of a child's messages.
type Message struct {
	Kind stage.Kind
	Text string // what follows the kind
	FD   int    // -1 when it brought no descriptor
}

// Receive reads a control socket until its end. Messages are few; the channel holds them all, so that nobody must wait.
func Receive(control int) <-chan Message {
	messages := make(chan Message, 64)
	fault.Go(func() {
		defer close(messages)
		b, oob := make([]byte, 16<<10), make([]byte, unix.CmsgSpace(4))
		for {
			n, oobn, _, _, err := unix.Recvmsg(control, b, oob, unix.MSG_CMSG_CLOEXEC)
			if err == unix.EINTR {
				continue
			}
			if err != nil || n == 0 {
				return
			}
			messages <- Message{Kind: stage.Kind(b[0]), Text: string(b[1:n]), FD: descriptorIn(oob[:oobn])}
		}
	})
	return messages
}

func descriptorIn(oob []byte) int {
	list, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(list) == 0 {
		return -1
	}
	fds, err := unix.ParseUnixRights(&list[0])
	if err != nil || len(fds) == 0 {
		return -1
	}
	return fds[0]
}

// Memfd is a file in memory that holds b.
func Memfd(name string, b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	if _, err := f.Write(b); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
