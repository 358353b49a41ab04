package install

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"magicwebsitefactory.gent/test/apiserver"
	"magicwebsitefactory.gent/test/output"
)

// start runs a program as its service account. What is returned stops it and gives its log.
func start(t *testing.T, dir, program string, args []string, more ...string) func() *output.Buffer {
	t.Helper()
	kubeconfig := filepath.Join(dir, program+".kubeconfig")
	if err := clientcmd.WriteToFile(impersonating(t, program), kubeconfig); err != nil {
		t.Fatal(err)
	}
	log := &output.Buffer{}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(dir, program), append(args, more...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%s ended with %v", program, err)
			}
		case <-time.After(time.Minute):
			_ = cmd.Process.Kill()
			t.Errorf("%s does not end", program)
		}
	})
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("log of %s:\n%s", program, log)
		}
	})
	return func() *output.Buffer { stop(); return log }
}

// impersonating is a kubeconfig for the test API server as a service account.
func impersonating(t *testing.T, account string) clientcmdapi.Config {
	t.Helper()
	admin := apiserver.Config(t)
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: admin.Host, CertificateAuthorityData: admin.CAData, TLSServerName: admin.ServerName}
	config.AuthInfos["test"] = &clientcmdapi.AuthInfo{
		ClientCertificateData: admin.CertData, ClientKeyData: admin.KeyData, Token: admin.BearerToken,
		Impersonate:       accountName(factoryNamespace, account),
		ImpersonateGroups: []string{"system:serviceaccounts", "system:serviceaccounts:" + factoryNamespace, "system:authenticated"},
	}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "test"}
	config.CurrentContext = "test"
	return *config
}
