package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// provisionerName is what the StorageClass names.
const provisionerName = "magicwebsitefactory.gent/local-volumes"

// A folderProvisioner makes every volume a folder on the node, as a local PersistentVolume.
//
// Local volumes rather than hostPath ones: the kubelet gives those to a pod's fsGroup.
type folderProvisioner struct {
	root string // on the node, and mounted at the same path here
	node string
}

func runVolumes(ctx context.Context) error {
	var p folderProvisioner
	flag.StringVar(&p.root, "root", "", "folder on the node that holds the volumes")
	flag.StringVar(&p.node, "node", "", "name of the node")
	flag.Parse()
	if !filepath.IsAbs(p.root) || p.node == "" {
		return errors.New("-root must be an absolute path and -node a node's name")
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return fmt.Errorf("find the API server: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("set up the client: %w", err)
	}
	ctx = klog.NewContext(ctx, klog.Background())
	controller.NewProvisionController(ctx, client, provisionerName, &p,
		controller.LeaderElection(false), controller.FailedProvisionThreshold(0), controller.FailedDeleteThreshold(0),
	).Run(ctx)
	return nil
}

// Provision makes the folder of one volume; repeating it is harmless.
func (p *folderProvisioner) Provision(_ context.Context, options controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	if options.PVC.Spec.Selector != nil {
		return nil, controller.ProvisioningFinished, errors.New("claims with a selector are not supported")
	}
	path := filepath.Join(p.root, options.PVName)
	// Any user may write, as on any volume whose pod names no fsGroup; the umask must not narrow that.
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("make the volume's folder: %w", err)
	}
	if err := os.Chmod(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("open the volume's folder: %w", err)
	}
	return p.volume(path, options), controller.ProvisioningFinished, nil
}

func (p *folderProvisioner) volume(path string, options controller.ProvisionOptions) *corev1.PersistentVolume {
	reclaim := corev1.PersistentVolumeReclaimDelete
	if options.StorageClass.ReclaimPolicy != nil {
		reclaim = *options.StorageClass.ReclaimPolicy
	}
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: reclaim,
			AccessModes:                   options.PVC.Spec.AccessModes,
			VolumeMode:                    options.PVC.Spec.VolumeMode,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: options.PVC.Spec.Resources.Requests[corev1.ResourceStorage]},
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{p.node},
				}}}},
			}},
		},
	}
}

// Delete removes a volume's folder, and nothing that is not one.
func (p *folderProvisioner) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	if volume.Spec.Local == nil || filepath.Dir(volume.Spec.Local.Path) != p.root {
		return fmt.Errorf("volume %s is not a folder of %s", volume.Name, p.root)
	}
	if err := os.RemoveAll(volume.Spec.Local.Path); err != nil {
		if errors.Is(err, syscall.EBUSY) {
			return fmt.Errorf("volume %s is still mounted: %w", volume.Name, err)
		}
		return fmt.Errorf("remove the volume's folder: %w", err)
	}
	return nil
}
