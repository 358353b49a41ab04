package resources

import (
	"fmt"
	"path"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const (
	// terminationGraceSeconds is how long a site may take to close its database.
	terminationGraceSeconds = 30
	// tmpPath is the one place beside its volume where a site may write, and tmpSize how much.
	tmpPath = "/tmp"
	tmpSize = "64Mi"
	// fileMode lets the site's group read its files, and nobody write them.
	fileMode = int32(0o440)

	dataVolume = "data"
	tmpVolume  = "tmp"
)

// Probes. A site is asked every second until it answers for the first time, since somebody is waiting for it.
const (
	startupPeriod     = 1
	readinessPeriod   = 5
	readinessFailures = 3
	livenessPeriod    = 10
	livenessFailures  = 6
	probeTimeout      = 5
)

func podTemplate(site *v1alpha1.IndieSite, class *v1alpha1.SiteClassSpec) *corev1ac.PodTemplateSpecApplyConfiguration {
	spec := corev1ac.PodSpec().
		WithAutomountServiceAccountToken(false).
		WithEnableServiceLinks(false). // beyond about 1,200 Services a pod could not start (knative/serving#8498)
		WithTerminationGracePeriodSeconds(terminationGraceSeconds).
		WithSecurityContext(corev1ac.PodSecurityContext().
			WithRunAsNonRoot(true).
			WithRunAsUser(class.UserID).
			WithRunAsGroup(class.UserID).
			WithFSGroup(class.UserID).
			WithFSGroupChangePolicy(corev1.FSGroupChangeOnRootMismatch).
			WithSeccompProfile(corev1ac.SeccompProfile().WithType(corev1.SeccompProfileTypeRuntimeDefault))).
		WithContainers(container(class)).
		WithVolumes(volumes(site, class)...)
	for _, s := range class.ImagePullSecrets {
		spec.WithImagePullSecrets(corev1ac.LocalObjectReference().WithName(s.Name))
	}
	return corev1ac.PodTemplateSpec().
		WithLabels(labels(site.Spec.Domain)).
		WithLabels(orderLabels(site)).
		WithAnnotations(annotations(site.Spec.Domain)).
		WithSpec(spec)
}

func container(class *v1alpha1.SiteClassSpec) *corev1ac.ContainerApplyConfiguration {
	c := corev1ac.Container().
		WithName(ContainerName).
		WithImage(class.Image).
		WithImagePullPolicy(class.ImagePullPolicy).
		WithArgs(class.Args...).
		WithPorts(corev1ac.ContainerPort().WithName(portName).WithContainerPort(class.Port).WithProtocol(corev1.ProtocolTCP)).
		WithStartupProbe(probe(class.Probes.LivenessPath, startupPeriod, max(class.Probes.StartupSeconds/startupPeriod, 1))).
		WithReadinessProbe(probe(class.Probes.ReadinessPath, readinessPeriod, readinessFailures)).
		WithLivenessProbe(probe(class.Probes.LivenessPath, livenessPeriod, livenessFailures)).
		WithVolumeMounts(mounts(class)...).
		WithSecurityContext(corev1ac.SecurityContext().
			WithPrivileged(false).
			WithAllowPrivilegeEscalation(false).
			WithReadOnlyRootFilesystem(true).
			WithRunAsNonRoot(true).
			WithCapabilities(corev1ac.Capabilities().WithDrop("ALL")))
	for _, e := range class.Env {
		c.WithEnv(corev1ac.EnvVar().WithName(e.Name).WithValue(e.Value))
	}
	if len(class.Resources.Limits) > 0 || len(class.Resources.Requests) > 0 {
		c.WithResources(resourceRequirements(class.Resources))
	}
	return c
}

// resourceRequirements leaves an empty list out: applied, it would claim the field and say nothing.
func resourceRequirements(r corev1.ResourceRequirements) *corev1ac.ResourceRequirementsApplyConfiguration {
	ac := corev1ac.ResourceRequirements()
	if len(r.Limits) > 0 {
		ac.WithLimits(r.Limits)
	}
	if len(r.Requests) > 0 {
		ac.WithRequests(r.Requests)
	}
	return ac
}

func probe(urlPath string, period, failures int32) *corev1ac.ProbeApplyConfiguration {
	return corev1ac.Probe().
		WithHTTPGet(corev1ac.HTTPGetAction().
			WithPath(urlPath).
			WithPort(intstr.FromString(portName)).
			WithScheme(corev1.URISchemeHTTP)).
		WithPeriodSeconds(period).
		WithTimeoutSeconds(probeTimeout).
		WithFailureThreshold(failures)
}

// volumes are the site's data, a small /tmp, and for each file a directory with nothing but that file. A directory is better than a subPath
// mount, which never sees a changed Secret.
func volumes(site *v1alpha1.IndieSite, class *v1alpha1.SiteClassSpec) []*corev1ac.VolumeApplyConfiguration {
	vs := []*corev1ac.VolumeApplyConfiguration{
		corev1ac.Volume().WithName(dataVolume).
			WithPersistentVolumeClaim(corev1ac.PersistentVolumeClaimVolumeSource().WithClaimName(ClaimName(site))),
		corev1ac.Volume().WithName(tmpVolume).
			WithEmptyDir(corev1ac.EmptyDirVolumeSource().WithSizeLimit(resource.MustParse(tmpSize))),
	}
	for i, f := range class.Files {
		// The Secret must be there: a site that started without its installer file could be owned by the first passer-by.
		vs = append(vs, corev1ac.Volume().WithName(fileVolume(i)).
			WithSecret(corev1ac.SecretVolumeSource().
				WithSecretName(site.Spec.InstallerSecretRef.Name).
				WithDefaultMode(fileMode).
				WithOptional(false).
				WithItems(corev1ac.KeyToPath().WithKey(fileKey(f.Content)).WithPath(path.Base(f.Path)))))
	}
	return vs
}

func mounts(class *v1alpha1.SiteClassSpec) []*corev1ac.VolumeMountApplyConfiguration {
	ms := []*corev1ac.VolumeMountApplyConfiguration{
		corev1ac.VolumeMount().WithName(dataVolume).WithMountPath(class.DataPath),
		corev1ac.VolumeMount().WithName(tmpVolume).WithMountPath(tmpPath),
	}
	for i, f := range class.Files {
		ms = append(ms, corev1ac.VolumeMount().WithName(fileVolume(i)).WithMountPath(path.Dir(f.Path)).WithReadOnly(true))
	}
	return ms
}

func fileVolume(i int) string { return fmt.Sprintf("file-%d", i) }

// fileKey is the key of the installer Secret that holds a file's content; there is one kind of content so far.
func fileKey(v1alpha1.SiteFileContent) string { return v1alpha1.SecretKeyInstallerFile }
