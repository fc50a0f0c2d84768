import { i18n } from '@/app/i18n'

/** The texts of form-js, which are English sentences, in Chinese. */
const chinese: Record<string, string> = {
  'Field is required.': '必填项',
  'Field must be a valid email.': '请输入有效的邮箱地址',
  'Field must be a valid international phone number. (e.g. +4930664040900)': '请输入有效的国际电话号码，例如 +8613800000000',
  'Field must match pattern {pattern}.': '格式不正确',
  'Field must have minimum value of {value}.': '不能小于 {value}',
  'Field must have maximum value of {value}.': '不能大于 {value}',
  'Field must have minimum length of {value}.': '至少 {value} 个字符',
  'Field must have maximum length of {value}.': '最多 {value} 个字符',
  'Value is not a number.': '请输入数字',
  'Value is expected to be an integer.': '请输入整数',
  'Value is expected to have at most 1 decimal digit.': '最多 1 位小数',
  'Value is expected to have at most {decimalDigits} decimal digits.': '最多 {decimalDigits} 位小数',
  'Please select a valid value, must be a multiple of {value}.': '请输入 {value} 的倍数',
  'Date and time must both be entered.': '日期和时间都要填写',
  'Add new': '添加一行',
  'Show all': '全部显示',
  'Show less': '收起',
  Collapse: '收起',
  'Expand all ({value})': '全部展开（{value}）',
  'Remove item': '删除此行',
  Search: '搜索',
  Select: '请选择',
  'All values selected': '已全部选择',
  'No results': '没有匹配项',
  'Nothing to show.': '暂无数据',
  'No content to show.': '没有内容',
  'No files selected': '未选择文件',
  'Select file': '选择文件',
  'Select files': '选择文件',
  'Remove tag': '移除',
  'Remove file': '移除文件',
  'Skip to search': '跳到搜索',
  Increment: '加一',
  Decrement: '减一',
  'Next page': '下一页',
  'Previous page': '上一页',
  'Click to remove sorting': '取消排序',
  'Click to sort ascending': '升序',
  'Click to sort descending': '降序',
  'yyyy/mm/dd': '年/月/日',
  'hh:mm': '时:分',
  'hh:mm --': '时:分',
  Date: '日期',
  Time: '时间',
  'Unable to download document': '文件无法下载',
  "External content couldn't be loaded.": '外部内容无法加载',
  'Document reference is not defined.': '没有指定文件',
}

/** The service `translate` of form-js. */
export function translate(template: string, values: Record<string, unknown> = {}): string {
  const text = i18n.global.locale.value === 'zh' ? (chinese[template] ?? template) : template
  return text.replace(/{([^}]+)}/g, (whole, name: string) => String(values[name] ?? whole))
}

// What vite.config.ts puts in the place of a literal of form-js.
;(globalThis as { diomFormWord?: typeof translate }).diomFormWord = translate
