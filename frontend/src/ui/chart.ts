/** Values of one kind, one for each category. */
export interface Series {
  name: string
  values: number[]
  tone?: 'accent' | 'good' | 'bad' | 'warn'
}

interface Chart {
  categories: string[]
  series: Series[]
  kind?: 'bar' | 'line'
  say: (value: number) => string
  stacked?: boolean
}

/** A chart in the colours of the theme, which the styles of its room have. */
export function chartLook(styles: CSSStyleDeclaration, chart: Chart) {
  const colour = (name: string) => styles.getPropertyValue('--' + name).trim()
  const soft = colour('text-soft')
  const line = colour('line')
  return {
    animation: false,
    textStyle: { fontFamily: styles.fontFamily, color: soft },
    grid: { left: 8, right: 16, top: 16, bottom: 4, containLabel: true },
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText',
      backgroundColor: colour('surface'),
      borderColor: line,
      textStyle: { color: colour('text'), fontSize: 13 },
      valueFormatter: (v: unknown) => chart.say(Number(v)),
    },
    xAxis: { type: 'category', data: chart.categories, axisTick: { show: false }, axisLine: { lineStyle: { color: line } }, axisLabel: { color: soft, hideOverlap: true } },
    yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: line } }, axisLabel: { color: soft, formatter: (v: number) => chart.say(v) } },
    series: chart.series.map((s) => ({
      type: chart.kind ?? 'bar',
      name: s.name,
      data: s.values,
      barMaxWidth: 22,
      stack: chart.stacked ? 'all' : undefined,
      smooth: false,
      symbolSize: 5,
      itemStyle: { color: colour(s.tone ?? 'accent'), borderRadius: chart.kind === 'line' ? 0 : [3, 3, 0, 0] },
      lineStyle: { width: 2 },
    })),
  }
}
