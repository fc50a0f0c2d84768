// A stand-in for WeCom's address book, made by its documents: the company, two departments below it, and their people.
import { createServer } from 'node:http'

/** Starts it. `people` and `departments` can be changed while it runs. */
export async function addressBook() {
  const book = {
    departments: [{ id: 1, name: '公司', parentid: 0 }, { id: 11, name: '法务部', parentid: 1, department_leader: ['tangwei'] }, { id: 12, name: '合规组', parentid: 11 }],
    people: [
      { userid: 'tangwei', name: '唐薇', position: '法务总监', biz_mail: 'tangwei@example.com', department: [11], main_department: 11, status: 1 },
      { userid: 'hemin', name: '何敏', position: '合规专员', biz_mail: 'hemin@example.com', department: [12], main_department: 12, status: 1 },
    ],
  }
  const answers = {
    '/cgi-bin/gettoken': () => ({ access_token: 'token', expires_in: 7200 }),
    '/cgi-bin/department/list': () => ({ department: book.departments }),
    '/cgi-bin/user/list': (query) => ({ userlist: book.people.filter((p) => p.department.includes(Number(query.get('department_id')))) }),
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1')
    const answer = answers[url.pathname]?.(url.searchParams)
    response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify({ errcode: answer ? 0 : 404, errmsg: answer ? 'ok' : 'unknown', ...answer }))
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return Object.assign(book, {
    /** What the product's secret file diom-identity says of it. */
    identity: { directories: [{ name: 'head-office', kind: 'wecom', url: `http://127.0.0.1:${server.address().port}`, key: 'corp', secret: 'secret', create: true, defaultRoles: ['EMPLOYEE'] }] },
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(done)
      }),
  })
}
