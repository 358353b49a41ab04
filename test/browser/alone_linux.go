package browser

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// alone returns a listener on the loopback interface of a network of its own, and what makes a command start in there.
//
// Chromium gives up whatever it is loading, with ERR_NETWORK_CHANGED, when an interface of its network comes or goes, as one does with every pod of a
// cluster on this machine. Only root can give it another network; without, the listener is on this machine's, and nothing is changed in the command.
func alone(t testing.TB) (net.Listener, func(*exec.Cmd)) {
	t.Helper()
	if os.Geteuid() != 0 {
		return loopback(t), dyingWithTest
	}
	var listener net.Listener
	var namespace *os.File
	var err error
	made := make(chan struct{})
	go func() {
		defer close(made)
		runtime.LockOSThread() // for ever: the thread, which is nobody else's any more, ends here
		listener, namespace, err = emptyNetwork()
	}()
	<-made
	if err != nil {
		t.Fatalf("give Chromium a network of its own: %v", err)
	}
	t.Cleanup(func() { _ = namespace.Close() })
	return listener, func(command *exec.Cmd) {
		dyingWithTest(command)
		enter := []string{"nsenter", fmt.Sprintf("--net=/proc/%d/fd/%d", os.Getpid(), namespace.Fd()), "--", command.Path}
		command.Args = append(enter, command.Args[1:]...)
		if path, err := exec.LookPath("nsenter"); err != nil {
			command.Err = fmt.Errorf("%w (of Debian's util-linux)", err)
		} else {
			command.Path = path
		}
	}
}

// emptyNetwork moves this thread into a network of its own, with nothing but the loopback interface, and listens there.
func emptyNetwork() (net.Listener, *os.File, error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, nil, fmt.Errorf("unshare: %w", err)
	}
	if err := loopbackUp(); err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	namespace, err := os.Open("/proc/thread-self/ns/net")
	return listener, namespace, err
}

func loopbackUp() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	defer func() { _ = unix.Close(socket) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	return nil
}

// dyingWithTest has the command killed with the test's process, as chromedp itself would.
func dyingWithTest(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
