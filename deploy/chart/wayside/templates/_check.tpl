{{/* Values that do not fit together are refused by name. What one value may be is in values.schema.json. */}}
{{- define "wayside.check" -}}
{{- $cluster := .Values.cluster -}}
{{- if gt (len .Release.Name) 40 }}{{ fail "the release's name has more than 40 letters: KubeRay adds its own" }}{{ end -}}
{{- if not (or .Values.home.enabled .Values.broker.host) }}{{ fail "broker.host: name the broker, or set home.enabled" }}{{ end -}}
{{- if and .Values.center.enabled (not $cluster.enabled) (not .Values.center.queryUrl) -}}
  {{- fail "center.queryUrl: name the cluster's query, or set cluster.enabled" -}}
{{- end -}}
{{- if and .Values.center.database.url (not .Values.center.database.passwordSecretName) (contains "@" .Values.center.database.url) -}}
  {{- fail "center.database.passwordSecretName: name the Secret with the password of center.database.url" -}}
{{- end -}}
{{- if $cluster.enabled -}}
  {{- $pods := prepend $cluster.groups (merge (dict "name" "head" "minReplicas" 1 "maxReplicas" 1) (deepCopy $cluster.head)) -}}
  {{- $config := $cluster.config -}}
  {{- $names := dict -}}{{- $has := dict -}}{{- $slots := 0 -}}{{- $writers := 0 -}}
  {{- range $pods -}}
    {{- if hasKey $names .name }}{{ fail (printf "cluster.groups: the name %s is there twice; the head has the name head" .name) }}{{ end -}}
    {{- $_ := set $names .name true -}}
    {{- if gt (int .minReplicas) (int .maxReplicas) }}{{ fail (printf "cluster.groups.%s: minReplicas is above maxReplicas" .name) }}{{ end -}}
    {{- if and (ne (int .minReplicas) (int .maxReplicas)) (not $cluster.autoscaling.enabled) -}}
      {{- fail (printf "cluster.groups.%s: minReplicas and maxReplicas differ: set cluster.autoscaling.enabled" .name) -}}
    {{- end -}}
    {{- $most := int .maxReplicas -}}
    {{- range .roles }}{{ if gt $most 0 }}{{ $_ := set $has . true }}{{ end }}{{ end -}}
    {{- if has "parse" .roles -}}
      {{- $slots = add $slots (mul $most (int (default 1 .parserSlots))) -}}
      {{- if and (gt (float64 (default 0 (index $config "parser_gpus"))) 0.0) (lt (int (default 0 .gpus)) 1) -}}
        {{- fail (printf "cluster: %s has the role parse and no GPU, and parser_gpus is set: give it gpus" .name) -}}
      {{- end -}}
    {{- end -}}
    {{- if has "archive" .roles -}}
      {{- $writers = add $writers $most -}}
      {{- if and (gt (float64 (default 0 (index $config "embedder_gpus"))) 0.0) (lt (int (default 0 .gpus)) 1) -}}
        {{- fail (printf "cluster: %s has the role archive and no GPU, and embedder_gpus is set: give it gpus" .name) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- range list "business" "parse" "archive" -}}
    {{- if not (hasKey $has .) }}{{ fail (printf "cluster: neither the head nor a group has the role %s" .) }}{{ end -}}
  {{- end -}}
  {{- if not (has "business" $cluster.head.roles) }}{{ fail "cluster.head.roles: the head has the role business" }}{{ end -}}
  {{- if and (gt (int $writers) 1) (ne $cluster.archive.accessMode "ReadWriteMany") -}}
    {{- fail (printf "cluster.archive.accessMode: %d pods may have the role archive: it must be ReadWriteMany" (int $writers)) -}}
  {{- end -}}
  {{- $least := int (default 1 (index $config "parser_replicas")) -}}
  {{- $wanted := int (default $least (index $config "parser_replicas_max")) -}}
  {{- if gt $least $wanted }}{{ fail "cluster.config: parser_replicas_max is below parser_replicas" }}{{ end -}}
  {{- if gt $wanted (int $slots) -}}
    {{- fail (printf "cluster.config: %d parsers may be wanted, and head and groups have room for %d: raise maxReplicas or parserSlots" $wanted (int $slots)) -}}
  {{- end -}}
  {{- if and $cluster.autoscaling.enabled .Values.network.enabled (not .Values.network.apiServer.cidrs) -}}
    {{- fail "network.apiServer.cidrs: Ray's autoscaler asks the API server: give its addresses" -}}
  {{- end -}}
{{- end -}}
{{- end }}
