import { Bell, Connection, Cpu, DataBoard, Files, Operation, Timer, TrendCharts, WarningFilled } from '@element-plus/icons-vue'
import type { Area } from '@/app/areas'

const permission = 'WORKFLOW_OPERATE'

export default {
  name: 'ops',
  order: 3,
  routes: [
    { path: '/ops', component: () => import('./OverviewPage.vue'), meta: { title: 'ops.overview.title', permission } },
    { path: '/ops/definitions', component: () => import('./DefinitionsPage.vue'), meta: { title: 'ops.definitions.title', permission } },
    { path: '/ops/definitions/:key', component: () => import('./DefinitionPage.vue'), meta: { title: 'ops.definitions.title', permission } },
    { path: '/ops/instances', component: () => import('./InstancesPage.vue'), meta: { title: 'ops.instances.title', permission } },
    { path: '/ops/instances/:id', component: () => import('./InstancePage.vue'), meta: { title: 'ops.instances.title', permission } },
    { path: '/ops/incidents', component: () => import('./IncidentsPage.vue'), meta: { title: 'ops.incidents.title', permission } },
    { path: '/ops/jobs', component: () => import('./JobsPage.vue'), meta: { title: 'ops.jobs.title', permission } },
    { path: '/ops/messages', component: () => import('./MessagesPage.vue'), meta: { title: 'ops.messages.title', permission } },
    { path: '/ops/batches', component: () => import('./BatchesPage.vue'), meta: { title: 'ops.batches.title', permission } },
    { path: '/ops/batches/:id', component: () => import('./BatchPage.vue'), meta: { title: 'ops.batches.title', permission } },
    { path: '/ops/migrate', component: () => import('./MigratePage.vue'), meta: { title: 'ops.migrate.title', permission } },
    { path: '/ops/functions', component: () => import('./FunctionsPage.vue'), meta: { title: 'ops.functions.title', permission } },
  ],
  navigation: [
    { path: '/ops', title: 'ops.overview.title', icon: DataBoard, permission, exact: true },
    { path: '/ops/definitions', title: 'ops.definitions.title', icon: TrendCharts, permission },
    { path: '/ops/instances', title: 'ops.instances.title', icon: Files, permission },
    { path: '/ops/incidents', title: 'ops.incidents.title', icon: WarningFilled, permission },
    { path: '/ops/jobs', title: 'ops.jobs.title', icon: Timer, permission },
    { path: '/ops/messages', title: 'ops.messages.title', icon: Bell, permission },
    { path: '/ops/batches', title: 'ops.batches.title', icon: Operation, permission },
    { path: '/ops/migrate', title: 'ops.migrate.title', icon: Connection, permission },
    { path: '/ops/functions', title: 'ops.functions.title', icon: Cpu, permission },
  ],
} satisfies Area
