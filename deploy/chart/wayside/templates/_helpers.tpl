{{- define "wayside.labels" -}}
app.kubernetes.io/name: wayside
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{/* On one line, as the value of `matchLabels` or `selector`. */}}
{{- define "wayside.selector" -}}
{app.kubernetes.io/name: wayside, app.kubernetes.io/instance: {{ .root.Release.Name }}, app.kubernetes.io/component: {{ .component }}}
{{- end }}

{{- define "wayside.image" -}}
image: {{ printf "%s/%s:%s" .root.Values.images.registry .name (default .root.Chart.AppVersion .root.Values.images.tag) | quote }}
imagePullPolicy: {{ .root.Values.images.pullPolicy }}
{{- end }}

{{/* The user of every image; volumes are its group's. A volume that is there keeps the modes of its files: keys are 0600. */}}
{{- define "wayside.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "wayside.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* What every pod has, but for its containers and volumes. */}}
{{- define "wayside.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "wayside.podSecurity" . | nindent 2 }}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets: {{- range . }}
  - name: {{ . }}{{ end }}
{{- end }}
{{- with .place.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .place.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A Secret's files are readable by their group, which our processes refuse: they get copies in memory, mode 0600. */}}
{{- define "wayside.privateCopies" -}}
- name: secrets
  {{- include "wayside.image" . | nindent 2 }}
  command: [/opt/wayside/bin/python, -m, provisioning.files.private_copies, /run/secrets/wayside, /run/wayside]
  securityContext: {{- include "wayside.containerSecurity" . | nindent 4 }}
  resources: {requests: {cpu: 10m, memory: 64Mi}, limits: {memory: 128Mi}}
  volumeMounts:
    - {name: secret, mountPath: /run/secrets/wayside, readOnly: true}
    - {name: secrets, mountPath: /run/wayside}
{{- end }}

{{- define "wayside.claim" -}}
{{- default (printf "%s-%s" .root.Release.Name .component) .volume.existingClaim -}}
{{- end }}

{{- define "wayside.brokerHost" -}}
{{- default (printf "%s-home" .Release.Name) .Values.broker.host -}}
{{- end }}

{{- define "wayside.queryUrl" -}}
{{- default (printf "http://%s-head-svc:8100" .Release.Name) .Values.center.queryUrl -}}
{{- end }}

{{/* Keys of a TOML table from a map of scalars and lists: JSON's are TOML's. */}}
{{- define "wayside.toml" -}}
{{- range $key, $value := . }}
{{ $key }} = {{ toJson $value }}
{{- end }}
{{- end }}
