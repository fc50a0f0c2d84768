// What a User-Agent tells people of a device. A browser names those that it is like besides itself, and a system that
// whose kernel it has: so the first of these lists that is named is meant.
const programs: [RegExp, string][] = [
  [/wxwork\//i, '企业微信 WeCom'], [/MicroMessenger\//, '微信 WeChat'], [/DingTalk\//, '钉钉 DingTalk'], [/(Lark|Feishu)\//, '飞书 Feishu'],
  [/(Edg|EdgA|EdgiOS)\//, 'Edge'], [/(OPR|Opera)\//, 'Opera'], [/(Firefox|FxiOS)\//, 'Firefox'], [/(HeadlessChrome|Chrome|CriOS)\//, 'Chrome'],
  [/Safari\//, 'Safari'], [/curl\//, 'curl'], [/diom\//, 'diom'],
]
const systems: [RegExp, string][] = [
  [/HarmonyOS|OpenHarmony/, 'HarmonyOS'], [/Android/, 'Android'], [/iPad/, 'iPad'], [/iPhone/, 'iPhone'], [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'], [/Linux/, 'Linux'],
]

/** Returns a browser and its system, of the User-Agent by which it calls itself, or the beginning of that. */
export function device(agent: string): string {
  const named = (list: [RegExp, string][]) => list.find(([pattern]) => pattern.test(agent))?.[1]
  return [named(programs), named(systems)].filter(Boolean).join(' · ') || agent.slice(0, 40)
}
