import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { api, data, type Schemas } from '@/api/client'

export type Permission = Schemas['PermissionNode']

/** What goes with a permission: without it most of what the permission opens cannot be found or shown. */
const companions: Record<string, string[]> = {
  WORKFLOW_START: ['WORKFLOW_DEFINITION', 'WORKFLOW_INSTANCE'],
  WORKFLOW_TASK: ['WORKFLOW_INSTANCE'],
  WORKFLOW_START_FOR: ['WORKFLOW_START'],
  WORKFLOW_DESIGN: ['WORKFLOW_DEFINITION'],
  WORKFLOW_DEPLOY: ['WORKFLOW_DEFINITION'],
  WORKFLOW_OPERATE: ['WORKFLOW_DEFINITION', 'WORKFLOW_INSTANCE'],
  WORKFLOW_AUDIT: ['WORKFLOW_DEFINITION', 'WORKFLOW_INSTANCE'],
  SYS_USER: ['SYS_DEPARTMENT'],
  SYS_ROLE: ['SYS_PERMISSION'],
  SYS_ERASE: ['SYS_USER'],
  WORKFLOW_HOLD: ['WORKFLOW_AUDIT'],
}

/** What is missing beside the permissions that are chosen, and for which of them. */
export function missing(chosen: string[]): { code: string; of: string[] }[] {
  const found = new Map<string, string[]>()
  for (const code of chosen) {
    for (const other of companions[code] ?? []) {
      if (!chosen.includes(other)) found.set(other, [...(found.get(other) ?? []), code])
    }
  }
  return [...found].map(([code, of]) => ({ code, of }))
}

const walk = (nodes: Permission[]): Permission[] => nodes.flatMap((n) => [n, ...walk(n.children)])

/** The tree of permissions, and their names by code. */
export function usePermissions() {
  const query = useQuery({ queryKey: ['permissions'], queryFn: ({ signal }) => data(api.GET('/api/v1/permissions', { signal })), staleTime: 60_000 })
  const { t, te, locale } = useI18n()
  // The names that come with the product are Chinese; elsewhere the console has words for them.
  const translated = (p: Permission): Permission => ({ ...p, name: p.builtIn && locale.value !== 'zh' && te(`admin.permissions.names.${p.code}`) ? t(`admin.permissions.names.${p.code}`) : p.name, children: p.children.map(translated) })
  const tree = computed(() => (query.data.value?.items ?? []).map(translated))
  const list = computed(() => walk(tree.value))
  const name = (code: string) => list.value.find((p) => p.code === code)?.name ?? code
  return { query, tree, list, name }
}
