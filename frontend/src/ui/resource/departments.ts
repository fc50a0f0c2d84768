import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { api, data, type Schemas } from '@/api/client'
import { everything } from './everything'

export type Department = Schemas['Department']

export interface DepartmentNode extends Department {
  children: DepartmentNode[]
  depth: number
}

/** Departments as a tree, in the order of their codes. One whose parent is not there is a root. */
export function asTree(all: Department[]): DepartmentNode[] {
  const nodes = new Map(all.map((d) => [d.id, { ...d, children: [] as DepartmentNode[], depth: 0 }]))
  const roots: DepartmentNode[] = []
  for (const node of nodes.values()) (nodes.get(node.parentId)?.children ?? roots).push(node)
  const number = (list: DepartmentNode[], depth: number): void =>
    list.forEach((n) => {
      n.depth = depth
      number(n.children, depth + 1)
    })
  number(roots, 0)
  return roots
}

/** The nodes of a tree from top to bottom. */
export const flat = (nodes: DepartmentNode[]): DepartmentNode[] => nodes.flatMap((n) => [n, ...flat(n.children)])

/** Every department, as who administers them sees it. */
export function useDepartments() {
  const query = useQuery({
    queryKey: ['departments'],
    queryFn: ({ signal }) => everything((page) => data(api.GET('/api/v1/departments', { params: { query: page }, signal }))),
    staleTime: 60_000,
  })
  const tree = computed(() => asTree(query.data.value ?? []))
  return { query, tree, list: computed(() => flat(tree.value)) }
}
