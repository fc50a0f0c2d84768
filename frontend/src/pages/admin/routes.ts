import { Bell, Calendar, Connection, Document, Files, FolderChecked, Key, Lock, OfficeBuilding, Scissor, Setting, Stamp, User } from '@element-plus/icons-vue'
import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'
import type { Area } from '@/app/areas'
import { page } from '@/ui/resource/page'

/** The pages: path, key of the title, permission, icon, component. */
const pages: [string, string, string, Component, () => Promise<unknown>][] = [
  ['/admin/users', 'admin.users.title', 'SYS_USER', User, () => import('./users/UsersPage.vue')],
  ['/admin/departments', 'admin.departments.title', 'SYS_DEPARTMENT', OfficeBuilding, () => import('./departments/DepartmentsPage.vue')],
  ['/admin/roles', 'admin.roles.title', 'SYS_ROLE', Stamp, () => import('./roles/RolesPage.vue')],
  ['/admin/permissions', 'admin.permissions.title', 'SYS_PERMISSION', Key, () => import('./roles/PermissionsPage.vue')],
  ['/admin/identity', 'admin.identity.title', 'SYS_USER', Connection, () => import('./identity/IdentityPage.vue')],
  ['/admin/sessions', 'admin.sessions.title', 'SYS_USER', Lock, () => import('./SessionsPage.vue')],
  ['/admin/audit', 'admin.audit.title', 'SYS_AUDIT', Document, () => import('./AuditPage.vue')],
  ['/admin/holds', 'admin.holds.title', 'WORKFLOW_HOLD', Files, () => import('./life/HoldsPage.vue')],
  ['/admin/erasures', 'admin.erasures.title', 'SYS_ERASE', Scissor, () => import('./life/ErasuresPage.vue')],
  ['/admin/backups', 'admin.backups.title', 'SYS_BACKUP', FolderChecked, () => import('./life/BackupsPage.vue')],
  ['/admin/channels', 'admin.channels.title', 'SYS_SETTING', Bell, () => import('./channels/ChannelsPage.vue')],
  ['/admin/calendars', 'admin.calendars.title', 'SYS_SETTING', Calendar, () => import('./calendars/CalendarsPage.vue')],
  ['/admin/settings', 'admin.settings.title', 'SYS_SETTING', Setting, () => import('./SettingsPage.vue')],
]

export default {
  name: 'admin',
  order: 5,
  routes: [{ path: '/admin', redirect: '/admin/users' }, ...pages.map(([path, title, permission, , component]) => ({ path, component: page(component), meta: { title, permission } }) as RouteRecordRaw)],
  navigation: pages.map(([path, title, permission, icon]) => ({ path, title, permission, icon })),
} satisfies Area
