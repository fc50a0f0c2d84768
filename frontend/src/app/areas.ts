import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'

/** An entry of the navigation. */
export interface NavigationEntry {
  path: string
  /** The key of its text. */
  title: string
  icon: Component
  permission?: string
  /** Only this very path counts as inside of it. */
  exact?: boolean
  /** The name of a count that is shown beside it. */
  count?: 'todo' | 'claimable' | 'copied' | 'notifications'
  /** Paths that count as inside of it. */
  within?: string[]
}

/** One of the five areas of the console: what src/pages/<name>/routes.ts exports as default. */
export interface Area {
  /** Also the name of its file of texts, and of their first key. */
  name: string
  order: number
  routes: RouteRecordRaw[]
  navigation: NavigationEntry[]
}

declare module 'vue-router' {
  interface RouteMeta {
    /** The key of the title of the page. */
    title?: string
    /** What its visitor must be allowed to do. */
    permission?: string
    area?: string
    /** Without a log-in, and outside of the shell. */
    open?: boolean
    /** The page scrolls inside of itself and has the whole room. */
    full?: boolean
  }
}

const found = import.meta.glob<{ default: Area }>('../pages/*/routes.ts', { eager: true })

/** Every area that is built in, in the order of the navigation. */
export const areas: Area[] = Object.values(found)
  .map((file) => file.default)
  .sort((a, b) => a.order - b.order)

/** The routes of all areas; each knows its area. */
export const areaRoutes = areas.flatMap((area) =>
  area.routes.map((route) => ({ ...route, meta: { ...route.meta, area: area.name } }) as RouteRecordRaw),
)
