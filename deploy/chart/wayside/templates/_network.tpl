{{- define "wayside.dns" }}
    - to: # names
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .Values.network.dnsNamespace }}}}
      ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
{{- end }}

{{- define "wayside.brokerEgress" }}
    - to: # broker, services' listener
        {{- if .root.Values.broker.host }}
        - ipBlock: {cidr: 0.0.0.0/0} # elsewhere, by a name
        {{- else }}
        - podSelector: {matchLabels: {{ include "wayside.selector" .home }}}
        {{- end }}
      ports: [{protocol: TCP, port: {{ ternary .root.Values.broker.port 8884 (ne .root.Values.broker.host "") }}}]
{{- end }}

{{- define "wayside.rayOwn" }}
      ports: # Ray's, between its pods: node, objects, agents, GCS, client server, one for each worker
        - {protocol: TCP, port: {{ .first }}, endPort: {{ add .first 4 }}}
        - {protocol: TCP, port: {{ .gcs }}}
        - {protocol: TCP, port: {{ .client }}}
        - {protocol: TCP, port: {{ .dashboard }}}
        - {protocol: TCP, port: {{ .workersFirst }}, endPort: {{ .workersLast }}}
{{- end }}
