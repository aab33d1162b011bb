import StreamtopApplication
import StreamtopBase
import StreamtopModel

/// Joins facts of different flows, whichever engines have them. It knows facts and nothing else; engines never read each other.
struct Joiner {
    private var attempts: QUICAttempts
    private var earlyHellos: RecentHellos
    private var reflections = ReflectionTable()

    init(limits: EngineLimits) {
        attempts = QUICAttempts(capacity: limits.quicAttempts)
        earlyHellos = RecentHellos(capacity: limits.earlyHellos)
    }

    /// Consumes facts in the order of their frames and answers what follows from them.
    mutating func consume(_ facts: [JoinFact]) -> [Join] {
        var answers: [Join] = []
        for fact in facts {
            switch fact.kind {
            case .askedForQUIC(let client, let server):
                attempts.insert(
                    QUICAttempts.Service(client: client, server: server),
                    QUICAttempts.Attempt(flow: fact.flow, time: fact.time))
            case .connected(let client, let server):
                let service = QUICAttempts.Service(client: client, server: server)
                if let attempt = attempts.attempt(service, at: fact.time) {
                    answers.append(.fellBack(attempt.flow, at: fact.time))
                }
            case .earlyHello(let random):
                if earlyHellos.note(random) { answers.append(.replayed(fact.flow)) }
            case .reflected(let socket, let server, let mapped, let isBehindRouter):
                let reflection = CallMapping.Reflection(
                    local: socket, reflector: server, mapped: mapped,
                    flow: FlowIdentifier(number: FlowRanks.unranked | fact.flow.ordinal),
                    isBehindRouter: isBehindRouter)
                if let mapping = reflections.note(reflection, of: socket) {
                    answers.append(.mapped(fact.flow, mapping, as: mapped, at: fact.time))
                }
            }
        }
        return answers
    }

    /// The tables, for health.
    var health: [TableHealth] {
        [
            TableHealth(
                name: "QUIC attempts", used: attempts.count, capacity: attempts.capacity, evicted: attempts.evicted),
            TableHealth(
                name: "early hellos", used: earlyHellos.count, capacity: earlyHellos.capacity,
                evicted: earlyHellos.evicted),
            reflections.health,
        ]
    }
}
