import StreamtopBase
import StreamtopModel

/// The set-up of a call as spans of one time axis: each step from when it began to when it was done.
struct CallSetUp {
    struct Step {
        var name: String
        /// nil: not seen.
        var start: Timestamp?
        /// nil: a moment, or not done.
        var end: Timestamp?
        var words: String
    }

    var steps: [Step] = []
    /// What the axis spans; nil when nothing was seen.
    var span: ClosedRange<Timestamp>?

    /// - Parameter flows: those of the call, as far as they are known.
    init(_ call: CallSnapshot, _ flows: [FlowSnapshot]) {
        let milestones = call.milestones.isEmpty ? Self.milestones(flows) : call.milestones
        func time(_ step: CallMilestone.Step) -> Timestamp? { milestones.first { $0.step == step }?.time }
        let signalling = call.signalling.first
        steps.append(
            Step(
                name: "signalling", start: signalling?.time ?? time(.signalling),
                end: signalling.flatMap { first in first.duration.map { first.time + $0 } },
                words: Words.signalling(call.signalling)))
        let question = time(.firstQuestion)
        let servers = call.reflectors == 1 ? "1 address told" : "\(call.mapped.count) addresses told"
        steps.append(
            Step(
                name: "gathering", start: question,
                end: time(.allocation).flatMap { end in question.map { max($0, end) } },
                words: time(.allocation) != nil ? "relay given" : call.mapped.isEmpty ? "" : servers))
        let asked = call.pairs.reduce(0) { $0 + $1.requests + $1.requestsReceived }
        let answered = call.pairs.reduce(0) { $0 + $1.responses + $1.responsesSent }
        steps.append(
            Step(
                name: "checks", start: time(.firstCheck), end: time(.firstAnswer),
                words: "\(NumberText.grouped(asked)) asked, \(NumberText.grouped(answered)) answered"))
        steps.append(
            Step(name: "nominated", start: time(.firstAnswer) ?? time(.nominated), end: time(.nominated), words: ""))
        steps.append(
            Step(
                name: call.dtls?.tls.version.map { "DTLS \($0)" } ?? "DTLS", start: time(.clientHello),
                end: time(.handshakeDone), words: Self.flights(call.dtls)))
        let media = time(.firstMedia)
        let before = [time(.handshakeDone), time(.nominated)].compactMap { $0 }.max()
        steps.append(
            Step(
                name: "media", start: Self.earlier(before, media) ?? media, end: media,
                words: media == nil ? "" : "first packet"))
        let key = time(.firstKeyFrame)
        steps.append(
            Step(
                name: "key frame", start: key == nil ? nil : Self.earlier(media, key) ?? key, end: key,
                words: key == nil ? "" : "first seen"))
        // A step that the call never reached is not "begun" by the step before it.
        if time(.nominated) == nil { steps[3].start = nil }
        if media == nil { steps[5].start = nil }
        let moments = steps.flatMap { [$0.start, $0.end] }.compactMap { $0 }
        if let first = moments.min(), let last = moments.max() { span = first...last }
    }

    /// What the flows of a call tell of its set-up.
    private static func milestones(_ flows: [FlowSnapshot]) -> [CallMilestone] {
        var found: [CallMilestone] = []
        func add(_ step: CallMilestone.Step, _ times: [Timestamp?]) {
            if let time = times.compactMap({ $0 }).min() { found.append(CallMilestone(step, at: time)) }
        }
        let ices = flows.compactMap(\.ice)
        add(.firstQuestion, flows.filter { $0.stun != nil && $0.ice?.isCheck != true }.map(\.start))
        add(.firstCheck, ices.map(\.firstCheck))
        add(.firstAnswer, ices.flatMap { [$0.client.firstAnswer, $0.server.firstAnswer] })
        add(.nominated, ices.map(\.nominated))
        let steps = flows.compactMap { $0.dtls?.tls.handshake.timeline }.max { $0.count < $1.count } ?? []
        add(.clientHello, steps.filter { $0.step == .clientHello }.map(\.time))
        let finished = Direction.allCases.compactMap { end in
            steps.first { $0.step == .finished && $0.from == end }?.time
        }
        if finished.count == 2 { add(.handshakeDone, [finished.max()]) }
        let streams = flows.flatMap(\.rtp)
        add(.firstMedia, streams.map(\.start))
        add(.firstKeyFrame, streams.map(\.firstKeyFrame))
        return found
    }

    private static func earlier(_ start: Timestamp?, _ end: Timestamp?) -> Timestamp? {
        guard let start, let end, start <= end else { return nil }
        return start
    }

    /// Flights (each by one end until the other answers) and repeats.
    private static func flights(_ dtls: DTLSSnapshot?) -> String {
        guard let dtls else { return "" }
        let steps = dtls.tls.handshake.timeline.filter { $0.step != .firstApplicationData }
        var flights = 0
        var last: Direction?
        for step in steps where step.from != last {
            flights += 1
            last = step.from
        }
        return "\(flights) flights, \(dtls.retransmittedFlights) repeated"
    }
}
