{{/* What is made from the same files as the kustomization names its namespaces; this puts the release's in their place. */}}
{{- define "factory.place" -}}
{{- $text := .text -}}
{{- $text = regexReplaceAll "(?m)^  namespace: factory$" $text "  namespace: mwf-system" -}}
{{- $text = regexReplaceAll "(?m)^  namespace: sites$" $text "  namespace: mwf-sites" -}}
{{- $text | replace "mwf-system" "<factory>" | replace "mwf-sites" "<sites>" | replace "<factory>" .root.Release.Namespace | replace "<sites>" .root.Values.sitesNamespace -}}
{{- end -}}

{{- define "factory.selector" -}}
app.kubernetes.io/name: magic-website-factory
app.kubernetes.io/component: {{ . }}
{{- end -}}

{{- define "factory.image" -}}
{{ .root.Values.image.repository }}/{{ .component }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end -}}

{{/* What both pods are alike in. */}}
{{- define "factory.pod" -}}
serviceAccountName: {{ .component }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: kubernetes.io/hostname
        labelSelector:
          matchLabels: {{- include "factory.selector" .component | nindent 12 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
- name: {{ . }}
{{- end }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 0 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* What both containers are alike in. */}}
{{- define "factory.container" -}}
name: {{ .component }}
image: {{ include "factory.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
livenessProbe:
  httpGet: {path: /healthz, port: health}
  initialDelaySeconds: 10
  periodSeconds: 20
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /readyz, port: health}
  periodSeconds: 5
  timeoutSeconds: 5
resources: {{- toYaml .values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* Whom both programs ask whether a name is free. */}}
{{- define "factory.availability" -}}
{{- with .Values.availability }}
{{- with .rdapBootstrapURL }}
- {{ printf "--rdap-bootstrap-url=%s" . | quote }}
{{- end }}
{{- range $suffix, $url := .rdapServers }}
- {{ printf "--rdap-server=%s=%s" $suffix $url | quote }}
{{- end }}
{{- range $suffix, $address := .das }}
- {{ printf "--das=%s=%s" $suffix $address | quote }}
{{- end }}
{{- if ne (int .dasQueriesPerMinute) 12 }}
- --das-queries-per-minute={{ .dasQueriesPerMinute }}
{{- end }}
{{- end }}
{{- end -}}
