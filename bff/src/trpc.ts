import { FAULTS, type Fault, type FaultCode, fault } from '@huiyuan/shared/faults'
import { initTRPC, TRPCError } from '@trpc/server'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import { ZodError, z } from 'zod'
import { type Actor, type Ctx, ctxOf, type House } from './ctx'
import { Refusal, refuse, toRefusal } from './refusal'
import { remembered } from './remembered'

/** What a request brings before anybody has asked who it is. */
export interface RequestContext {
  house: House
  requestId: string
  clientIp: string
  log: House['log']
  /** Reads the bearer token once, when a procedure first needs it. @throws Refusal */
  actor: () => Promise<Actor>
}

/** With which HTTP status a fault leaves outside of tRPC. */
export const httpStatusOf = (code: FaultCode): number =>
  getHTTPStatusCodeFromError(new TRPCError({ code: FAULTS[code] }))

/** The fault behind any error; what is unknown stays inside and leaves only the request's id. */
export function faultOf(error: unknown, requestId: string): Fault {
  const cause = toRefusal(error instanceof TRPCError ? (error.cause ?? error) : error)
  if (cause instanceof Refusal) return cause.fault
  if (error instanceof TRPCError) {
    if (error.code === 'NOT_FOUND') return fault('NOT_FOUND', { noun: 'procedure' })
    if (error.code === 'BAD_REQUEST') return fault('BAD_INPUT', { fields: problemsOf(cause) })
    if (error.code === 'METHOD_NOT_SUPPORTED' || error.code === 'PARSE_ERROR')
      return fault('BAD_INPUT', { fields: [{ path: '', problem: 'malformed' }] })
    if (error.code === 'PAYLOAD_TOO_LARGE') return fault('TOO_LARGE')
  }
  return fault('UNKNOWN', { rid: requestId })
}

/** Which fields were wrong, by the schema's own codes: the caller's values never come back. */
const problemsOf = (cause: unknown) =>
  cause instanceof ZodError
    ? cause.issues.slice(0, 20).map((issue) => ({ path: issue.path.join('.').slice(0, 80), problem: issue.code }))
    : [{ path: '', problem: 'malformed' }]

const t = initTRPC.context<RequestContext>().create({
  isDev: false,
  errorFormatter({ shape, error, ctx }) {
    const told = faultOf(error, ctx?.requestId ?? '')
    return { ...shape, message: told.code, data: { ...shape.data, fault: told } }
  },
})

export const router = t.router

/** The one translation: a Refusal becomes a TRPCError of its own code, everything else is masked by the formatter. */
const translated = t.procedure.use(async ({ ctx, path, next }) => {
  const result = await next()
  if (result.ok) return result
  const cause = toRefusal(result.error.cause ?? result.error)
  if (cause instanceof Refusal) throw new TRPCError({ code: cause.trpcCode, message: cause.fault.code, cause })
  if (result.error.code === 'INTERNAL_SERVER_ERROR') ctx.log.error({ path, err: result.error.cause }, 'verb failed')
  return result
})

const as = (request: RequestContext, actor: Actor): { ctx: Ctx } => ({
  ctx: ctxOf(request.house, actor, request.clientIp, request.log),
})

/** For anybody; a token that is sent is not looked at. */
export const openProcedure = translated.use(({ ctx, next }) =>
  next({ ctx: { ...ctx, verb: as(ctx, { kind: 'nobody' }).ctx } }),
)

/** For somebody who has signed in but not agreed yet. */
export const guestProcedure = translated.use(async ({ ctx, next }) => {
  const actor = await ctx.actor()
  if (actor.kind !== 'guest') refuse(actor.kind === 'member' ? 'ALREADY_MEMBER' : 'GUEST_NEEDED')
  return next({ ctx: { ...ctx, verb: as(ctx, actor).ctx } })
})

/** For members. */
export const memberProcedure = translated.use(async ({ ctx, next }) => {
  const actor = await ctx.actor()
  if (actor.kind !== 'member') refuse('SESSION_NEEDED')
  return next({ ctx: { ...ctx, verb: as(ctx, actor).ctx } })
})

export type StaffRole = 'clerk' | 'manager' | 'operator'
const RANK: Record<StaffRole, number> = { clerk: 1, manager: 2, operator: 3 }

/**
 * For members who work here, at least in this role. Verbs whose write checks the staff row itself
 * (scan, settle) still pass here, so that nobody else even reaches their reads.
 */
export const staffProcedure = (role: StaffRole) =>
  memberProcedure.use(async ({ ctx, next }) => {
    const own = await findWorkingStaff(ctx.verb)
    if (!own) return refuse('STAFF_NEEDED')
    if (RANK[own.role] < RANK[role]) return refuse('ROLE_NEEDED', { role })
    return next({ ctx: { ...ctx, staff: own } })
  })

export interface WorkingStaff {
  memberId: string
  role: StaffRole
  storeId: string
  staffNo: string
}

/** How long a look at the staff row is trusted. Every staff verb that writes asks the row again, in its statement. */
const STAFF_TRUST_MS = 10_000
const workingStaff = remembered<WorkingStaff>()

async function findWorkingStaff({ house, actor, db }: Ctx): Promise<WorkingStaff | null> {
  if (actor.kind !== 'member') return null
  const { memberId } = actor
  const known = workingStaff.recall(house, memberId)
  if (known) return known
  const own = (await db.staff.findUnique({
    where: { memberId, endedAt: null },
    select: { memberId: true, role: true, storeId: true, staffNo: true },
  })) as WorkingStaff | null
  if (own) workingStaff.keep(house, memberId, own, house.now().getTime() + STAFF_TRUST_MS)
  return own
}

/** The id every write carries, so that sending it again changes nothing. */
export const requestId = z.uuid()
/** A name for this phone or browser, shown in the list of devices. */
export const deviceLabel = z.string().trim().min(1).max(60)
export const platform = z.enum(['weapp', 'h5'])
export const phoneText = z.string().min(5).max(24)
