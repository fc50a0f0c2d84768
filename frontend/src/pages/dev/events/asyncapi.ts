import { readYaml, type Schema } from '../api/openapi'

export interface Asyncapi {
  channels: Record<string, { address: string; description?: string }>
  components: { messages: Record<string, { name: string; summary?: string; payload: Schema; examples?: { payload: unknown }[] }>; schemas: Record<string, Schema> }
}
export const readAsyncapi = () => readYaml<Asyncapi>('/asyncapi.yaml')

/** The types of the events that other systems can be told of. */
export const eventTypes = (document: Asyncapi | undefined) =>
  Object.values(document?.components.messages ?? {})
    .map((m) => m.name)
    .filter((name) => name.startsWith('io.diom'))

/** A key that an event source or a receiver signs with: 32 random bytes, as text without signs that shells read. */
export function freshKey(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32)))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * A script that signs an event as docs/events.md says and sends it. The key comes from the environment: this page does
 * not know it.
 */
export function sendScript(origin: string, source: string, type: string, keyId: string): string {
  return `# bash, openssl, curl
KEY="\${KEY:?the key of the source}"
DATA='{"orderId":"4711","amount":99.5}'
BUSINESSKEY="O-4711"
ID="test-$(date +%s)-$RANDOM"
NOW="$(date -u +%Y-%m-%dT%H:%M:%SZ)"
SHA="$(printf %s "$DATA" | openssl dgst -sha256 -r | cut -d' ' -f1)"
MAC="$(printf '%s\\n%s\\n%s\\n%s\\n\\n%s\\napplication/json\\n%s\\n%s' \\
  "$NOW" "$ID" '${source}' '${type}' "$NOW" "$BUSINESSKEY" "$SHA" | openssl dgst -sha256 -hmac "$KEY" -r | cut -d' ' -f1)"
curl -i '${origin}/api/v1/events' \\
  -H 'Content-Type: application/json' -H 'Ce-Specversion: 1.0' -H "Ce-Id: $ID" \\
  -H 'Ce-Source: ${source}' -H 'Ce-Type: ${type}' -H "Ce-Time: $NOW" -H "Ce-Businesskey: $BUSINESSKEY" \\
  -H "Ce-Diomsigned: $NOW" -H "Ce-Diomsignature: v1,${keyId},$MAC" \\
  --data-binary "$DATA"
`
}
