// The first character, in the order of pinyin, of each initial letter: what collates behind it, and before the next one, begins with the letter.
const letters = 'ABCDEFGHJKLMNOPQRSTWXYZ'
const firsts = '阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他哇夕丫匝'
const order = new Intl.Collator('zh-Hans-CN-u-co-pinyin')

/** The initials of a name in pinyin, 张伟 → zw. Other letters stay. It is for searching: characters with several readings have one. */
export function initials(name: string): string {
  let text = ''
  for (const c of name) {
    if (!/\p{Script=Han}/u.test(c)) text += c.toLowerCase()
    else for (let i = firsts.length - 1; i >= 0; i--) {
      if (order.compare(c, firsts.charAt(i)) < 0) continue
      text += letters.charAt(i).toLowerCase()
      break
    }
  }
  return text
}
