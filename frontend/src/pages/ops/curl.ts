import { ElMessage } from 'element-plus'
import { i18n } from '@/app/i18n'

/** The same request for a terminal. The token is left to whoever runs it. */
export function curl(method: string, path: string, body?: unknown): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
  const parts = ['curl', method === 'GET' ? '' : `-X ${method}`, quoted(location.origin + path), '-H "Authorization: Bearer $DIOM_TOKEN"']
  if (body !== undefined) parts.push("-H 'Content-Type: application/json'", '-d ' + quoted(JSON.stringify(body)))
  return parts.filter(Boolean).join(' ')
}

/** Puts a text on the clipboard and says so. */
export async function copy(text: string) {
  await navigator.clipboard?.writeText(text)
  ElMessage({ type: 'success', message: i18n.global.t('ui.copied') })
}
