import { ChatDotRound, Finished, HomeFilled, Pointer, Promotion, Tickets } from '@element-plus/icons-vue'
import type { Area } from '@/app/areas'

export default {
  name: 'work',
  order: 1,
  routes: [
    { path: '/home', component: () => import('./HomePage.vue'), meta: { title: 'work.home.title' } },
    { path: '/start', component: () => import('./StartPage.vue'), meta: { title: 'work.start.title', permission: 'WORKFLOW_START' } },
    { path: '/start/:key', component: () => import('./StartFormPage.vue'), meta: { title: 'work.start.title', permission: 'WORKFLOW_START' } },
    { path: '/inbox', redirect: '/inbox/todo' },
    { path: '/inbox/:view', component: () => import('./InboxPage.vue'), meta: { title: 'work.inbox.title', permission: 'WORKFLOW_TASK', full: true } },
    { path: '/tasks/:id', component: () => import('./TaskPage.vue'), meta: { title: 'work.task', permission: 'WORKFLOW_TASK', full: true } },
    { path: '/instances/:id', component: () => import('./InstancePage.vue'), meta: { title: 'work.request', permission: 'WORKFLOW_INSTANCE' } },
    { path: '/notifications', component: () => import('./NotificationsPage.vue'), meta: { title: 'work.notifications.title' } },
    { path: '/me', component: () => import('./MePage.vue'), meta: { title: 'work.me.title' } },
  ],
  navigation: [
    { path: '/home', title: 'work.home.title', icon: HomeFilled },
    { path: '/start', title: 'work.start.title', icon: Promotion, permission: 'WORKFLOW_START' },
    { path: '/inbox/todo', title: 'work.inbox.todo', icon: Finished, permission: 'WORKFLOW_TASK', count: 'todo', within: ['/inbox/done', '/inbox/drafts', '/tasks'] },
    { path: '/inbox/claimable', title: 'work.inbox.claimable', icon: Pointer, permission: 'WORKFLOW_TASK', count: 'claimable' },
    { path: '/inbox/cc', title: 'work.inbox.cc', icon: ChatDotRound, permission: 'WORKFLOW_TASK', count: 'copied' },
    { path: '/inbox/started', title: 'work.inbox.started', icon: Tickets, permission: 'WORKFLOW_INSTANCE', within: ['/instances'] },
  ],
} satisfies Area
