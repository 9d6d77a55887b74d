import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { authorizeRoutes } from './authorize'
import { type Clock, createClock } from './clock'
import { type Control, createControl } from './control'
import { controlRoutes } from './control-routes'
import { ApiRefusal, type Endpoint } from './endpoint'
import { faultList } from './fault'
import { homePage } from './home-page'
import { loginEndpoints } from './login'
import { oauthEndpoints } from './oauth'
import { phoneEndpoints } from './phone'
import { riskEndpoints } from './risk'
import { securityEndpoints } from './security'
import { deliver, serveEndpoint } from './serve'
import { smsRoutes } from './sms'
import { subscribeEndpoints } from './subscribe'
import { tokenEndpoints } from './token'
import { urlLinkEndpoints, urlLinkRoutes } from './url-link'
import { addPerson, type NewPerson, type SandboxApp, type World } from './world'
import { wxacodeEndpoints, wxacodeRoutes } from './wxacode'

/** A running stand-in for WeChat's servers. `url` throws before `listen`. */
export interface Sandbox {
  readonly url: string
  readonly control: Control
  /** Starts on this machine only, unless a host is named; port 0 takes a free one. Returns the address. */
  listen(port?: number, host?: string): Promise<string>
  close(): Promise<void>
}

const ENDPOINTS: Endpoint[] = [
  ...loginEndpoints,
  ...tokenEndpoints,
  ...phoneEndpoints,
  ...riskEndpoints,
  ...subscribeEndpoints,
  ...oauthEndpoints,
  ...wxacodeEndpoints,
  ...securityEndpoints,
  ...urlLinkEndpoints,
]

/** Makes a WeChat of its own, with its apps and people and its own clock. */
export function createSandbox(setup: {
  apps: readonly SandboxApp[]
  people?: readonly NewPerson[]
  clock?: Clock
}): Sandbox {
  const world = createWorld(setup.apps, setup.clock ?? createClock())
  for (const person of setup.people ?? []) addPerson(world, person)
  const control = createControl(world)
  const server = createServer(routes(world, control))
  let url = ''
  return {
    control,
    get url() {
      if (!url) throw new Error('the sandbox is not listening')
      return url
    },
    async listen(port = 0, host = '127.0.0.1') {
      await new Promise<void>((done, failed) => {
        server.once('error', failed)
        server.listen(port, host, done)
      })
      url = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${(server.address() as AddressInfo).port}`
      return url
    },
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

function routes(world: World, control: Control): express.Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(authorizeRoutes(world))
  app.use(express.text({ type: () => true, limit: '2mb' }))
  app.use('/__control', controlRoutes(control))
  app.use(smsRoutes(world))
  app.use(wxacodeRoutes(world))
  app.use(urlLinkRoutes(world))
  app.get('/', (_request, response) => void response.send(homePage(world)))
  for (const endpoint of ENDPOINTS) {
    app.all(endpoint.path, (request, response) => serveEndpoint(world, endpoint, request, response))
  }
  app.use((request, response) =>
    deliver(world, request.path, response, () => Promise.reject(new ApiRefusal(40066, 'invalid url'))),
  )
  return app
}

function createWorld(apps: readonly SandboxApp[], clock: Clock): World {
  return {
    clock,
    apps: new Map(apps.map((app) => [app.appid, app])),
    people: new Map(),
    codes: new Map(),
    sessionKeys: new Map(),
    tokens: new Map(),
    consents: new Map(),
    sending: new Set(),
    sent: [],
    sms: [],
    media: [],
    links: new Map(),
    calls: [],
    faults: faultList(),
  }
}
