{{/* The ports of docs/network.md, which `wayside-cluster up` states, too: a policy can name them. */}}
{{- define "wayside.rayPorts" -}}
gcs: 6399
first: 6400
exporter: 6405
client: 6406
workersFirst: 10002
workersLast: 10999
dashboard: 8265
query: 8100
{{- end }}

{{/* Ray's switches of ray_cluster/node/environment.py and ray_command.py. */}}
{{- define "wayside.rayEnvironment" -}}
- {name: AUTOSCALER_METRIC_PORT, value: "-1"}
- {name: DASHBOARD_METRIC_PORT, value: "-1"}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
- {name: RAY_USAGE_STATS_REPORT_URL, value: "http://127.0.0.1:9/"}
- {name: RAY_prestart_worker_first_driver, value: "0"}
- {name: RAY_enable_worker_prestart, value: "0"}
- {name: RAY_raylet_start_wait_time_s, value: "75"}
- {name: RAY_DASHBOARD_STARTUP_TIMEOUT_S, value: "180"}
- {name: RAY_worker_niceness, value: "0"}
- {name: RAY_gcs_rpc_server_reconnect_timeout_s, value: "600"}
- {name: HOME, value: /var/lib/wayside-ray}
{{- end }}

{{/* `ray start` of a pod: .pod is the head's table or a group's. Roles are resources; a CPU is a slot, no core. */}}
{{- define "wayside.rayStart" -}}
{{- $resources := dict -}}
{{- range .pod.roles }}{{ $_ := set $resources . 1 }}{{ end -}}
{{- if has "parse" .pod.roles }}{{ $_ := set $resources "parse" (add 1 (int (default 1 .pod.parserSlots))) }}{{ end -}}
num-cpus: "32"
num-gpus: {{ default 0 .pod.gpus | int | quote }}
resources: {{ printf "%q" (toJson $resources) | toJson }}
object-store-memory: "209715200"
node-manager-port: "6400"
object-manager-port: "6401"
dashboard-agent-listen-port: "6402"
dashboard-agent-grpc-port: "6403"
runtime-env-agent-port: "6404"
metrics-export-port: "6405"
min-worker-port: "10002"
max-worker-port: "10999"
disable-usage-stats: "true"
{{- end }}

{{/* The pod template of the head or of a group. */}}
{{- define "wayside.rayPod" -}}
{{- $ports := include "wayside.rayPorts" . | fromYaml -}}
{{- $values := .root.Values.cluster -}}
{{- $isArchive := has "archive" .pod.roles -}}
{{- $scales := and .isHead $values.autoscaling.enabled -}}
metadata:
  labels: {{- include "wayside.labels" . | nindent 4 }}
spec:
  serviceAccountName: {{ .root.Release.Name }}-cluster
  {{- include "wayside.pod" . | nindent 2 }}
  terminationGracePeriodSeconds: 75
  initContainers: {{- include "wayside.privateCopies" . | nindent 4 }}
  containers:
    - name: {{ ternary "ray-head" "ray-worker" .isHead }}
      {{- include "wayside.image" . | nindent 6 }}
      args: [ulimit -c 0] # before `ray start`: a picture with a face in it may be in memory
      securityContext: {{- include "wayside.containerSecurity" . | nindent 8 }}
      env: {{- include "wayside.rayEnvironment" . | nindent 8 }}
        {{- if .isHead }}
        - {name: RAY_health_check_initial_delay_ms, value: "2000"}
        - {name: RAY_health_check_period_ms, value: "2000"}
        {{- end }}
      ports:
        - {name: metrics, containerPort: {{ $ports.exporter }}}
        {{- if .isHead }}
        - {name: gcs-server, containerPort: {{ $ports.gcs }}}
        - {name: dashboard, containerPort: {{ $ports.dashboard }}}
        - {name: client, containerPort: {{ $ports.client }}}
        - {name: serve, containerPort: {{ $ports.query }}}
        {{- end }}
      # Stated, since KubeRay's own ask for a proxy on every pod, and by a program that the image lacks.
      livenessProbe: {httpGet: {path: /api/healthz, port: 6402}, initialDelaySeconds: 60, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 12}
      readinessProbe: {httpGet: {path: /api/healthz, port: 6402}, initialDelaySeconds: 10, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 10}
      {{- $resources := deepCopy .pod.resources }}
      {{- if gt (int (default 0 .pod.gpus)) 0 }}
      {{- $_ := set $resources "limits" (merge (dict $values.gpuResource (int .pod.gpus)) (default dict $resources.limits)) }}
      {{- end }}
      resources: {{- toYaml $resources | nindent 8 }}
      volumeMounts:
        - {name: secrets, mountPath: /run/wayside, readOnly: true}
        - {name: state, mountPath: /var/lib/wayside-ray}
        - {name: bootstrap, mountPath: /var/lib/wayside-ray/ray_bootstrap_config.yaml, subPath: ray_bootstrap_config.yaml, readOnly: true}
        - {name: tmp, mountPath: /tmp}
        {{- if $isArchive }}
        - {name: archive, mountPath: /var/lib/wayside-cluster}
        {{- end }}
  volumes:
    - name: secret
      secret: {secretName: {{ $values.secretName }}, defaultMode: 0440}
    - name: secrets
      emptyDir: {medium: Memory, sizeLimit: 1Mi}
    - name: state
      emptyDir: {sizeLimit: 64Mi}
    - name: bootstrap
      configMap: {name: {{ .root.Release.Name }}-cluster}
    - name: tmp
      emptyDir: {sizeLimit: 4Gi}
    {{- if $isArchive }}
    - name: archive
      persistentVolumeClaim: {claimName: {{ include "wayside.claim" (dict "root" .root "component" "archive" "volume" $values.archive) }}}
    {{- end }}
    {{- if $scales }}
    - name: api-token # the autoscaler's, and no other container's
      projected:
        defaultMode: 0440
        sources:
          - serviceAccountToken: {path: token, expirationSeconds: 3600}
          - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
          - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
    {{- end }}
{{- end }}
