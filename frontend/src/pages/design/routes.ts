import { Collection, EditPen, Finished, Share, Tickets } from '@element-plus/icons-vue'
import type { Area } from '@/app/areas'

const meta = { permission: 'WORKFLOW_DESIGN' }
interface Target {
  params: Record<string, string | string[]>
}
const versions = () => import('./VersionsPage.vue')
const publish = () => import('./PublishPage.vue')
const diff = () => import('./DiffPage.vue')
const list = () => import('./DesignsPage.vue')

/** The pages of one kind of designs: its list, its editor, and what all kinds share. */
const pagesOf = (place: string, kind: string, editor: () => Promise<unknown>) => [
  { path: `/design/${place}`, component: list, props: { kind }, meta: { ...meta, title: `design.${kind}.title` } },
  { path: `/design/${place}/:key`, component: editor as never, props: (to: Target) => ({ designKey: to.params.key }), meta: { ...meta, full: true, title: `design.${kind}.editor` } },
  { path: `/design/${place}/:key/versions`, component: versions, props: (to: Target) => ({ kind, designKey: to.params.key, a: to.params.a, b: to.params.b }), meta: { ...meta, title: 'design.versions.title' } },
  { path: `/design/${place}/:key/diff/:a/:b`, component: diff, props: (to: Target) => ({ kind, designKey: to.params.key, a: to.params.a, b: to.params.b }), meta: { ...meta, title: 'design.diff.title' } },
  { path: `/design/${place}/:key/publish`, component: publish, props: (to: Target) => ({ kind, designKey: to.params.key, a: to.params.a, b: to.params.b }), meta: { ...meta, permission: 'WORKFLOW_DEPLOY', title: 'design.publish.title' } },
]

export default {
  name: 'design',
  order: 2,
  routes: [
    { path: '/design', redirect: '/design/processes' },
    ...pagesOf('processes', 'bpmn', () => import('./process/ProcessPage.vue')),
    ...pagesOf('forms', 'form', () => import('./form/FormPage.vue')),
    ...pagesOf('decisions', 'dmn', () => import('./decision/DecisionPage.vue')),
    { path: '/design/templates', component: () => import('./TemplatesPage.vue'), meta: { permission: 'WORKFLOW_START', title: 'design.templates.title' } },
    { path: '/design/categories', component: () => import('./CategoriesPage.vue'), meta: { ...meta, title: 'design.categories.title' } },
  ],
  navigation: [
    { path: '/design/processes', title: 'design.bpmn.title', icon: Share, permission: 'WORKFLOW_DESIGN' },
    { path: '/design/forms', title: 'design.form.title', icon: EditPen, permission: 'WORKFLOW_DESIGN' },
    { path: '/design/decisions', title: 'design.dmn.title', icon: Finished, permission: 'WORKFLOW_DESIGN' },
    { path: '/design/templates', title: 'design.templates.title', icon: Tickets, permission: 'WORKFLOW_DESIGN' },
    { path: '/design/categories', title: 'design.categories.title', icon: Collection, permission: 'WORKFLOW_DESIGN' },
  ],
} satisfies Area
