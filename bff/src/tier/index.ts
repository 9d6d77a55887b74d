export { reviewDueStandings, reviewStanding, type StandingsReviewed } from './review-due-standings'
