import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport
import StreamtopWire

/// The way up, once for all protocols: what a layer says to the engine is obeyed, and what it hands up is given to the layer above
/// it, which may hand up in turn.
extension FlowEngine {
    /// The layer at `depth` has observed something. `payload` is what it was given: deliveries may name parts of it.
    ///
    /// Signals come first, for they say who reads. Goes no deeper than the stack. `events` is the number of those that layers
    /// below had.
    mutating func climb(_ position: UInt32, from depth: Int, payload: RawSpan, events: Int = 0) {
        guard obey(position, depth, events: events), !observation.deliveries.isEmpty else { return }
        guard depth < ascent.waiting.count else { return observation.deliveries.removeAll() }
        var queue = DeliveryQueue()
        swap(&queue, &observation.deliveries)
        // The layer above finds an empty queue with storage of its own.
        swap(&observation.deliveries, &ascent.waiting[depth])
        let direction = observation.direction
        let time = observation.time
        for number in 0..<queue.count {
            let delivery = queue[number]
            let bytes = queue.bytes(of: delivery, in: payload)
            guard let above = reader(position, on: depth, delivery, bytes) else { continue }
            observation.begin(from: delivery.direction, at: delivery.time)
            observation.waited = delivery.waited
            let layer = trackers.stacks[flows[position].layers][above]
            let events = observation.events.count
            trackers.observe(layer, bytes, delivery, &observation)
            if !trackers.reports.isEmpty { noteMedia(position) }
            climb(position, from: above, payload: bytes, events: events)
            // A refuted guess may have taken the layer off, and this one with it.
            guard flows[position].layers != FlowEntry.none else { break }
        }
        observation.begin(from: direction, at: time)
        swap(&observation.deliveries, &ascent.waiting[depth])
        queue.removeAll()
        swap(&queue, &observation.deliveries)
    }

    /// The place of the layer that reads a delivery of the layer at `depth`: the one that is there, or one that its bytes call for.
    private mutating func reader(
        _ position: UInt32, on depth: Int, _ delivery: Delivery, _ bytes: RawSpan
    ) -> Int? {
        let stack = flows[position].layers
        guard stack != FlowEntry.none, depth < trackers.stacks[stack].count else { return nil }
        if let above = trackers.stacks[stack].above(depth) { return above }
        guard delivery.range != nil else { return nil }
        let carrier = trackers.stacks[stack][depth]
        let names = trackers.applicationProtocols(carrier)
        let choice = LayerSelection.reader(
            on: carrier.kind, agreed: names.agreed, offered: names.offered, bytes: bytes)
        if case .reader(let kind, let isClient) = choice {
            if isClient == true { clientIs(delivery.direction, position) }
            if let above = push(kind, on: depth, of: position, at: delivery.time) { return above }
        }
        giveUp(position, depth)
        return nil
    }

    /// Nobody reads what the layer carries.
    private mutating func giveUp(_ position: UInt32, _ depth: Int) {
        let layer = trackers.stacks[flows[position].layers][depth]
        if layer.kind == .tcp {
            dropStack(position)
            flows[position].probe.refute()
        } else {
            trackers.stopDelivering(layer)
        }
    }

    /// Puts a layer on the one at `depth`; nil where that protocol is not followed or the stack is full.
    mutating func push(_ kind: ProtocolKind, on depth: Int, of position: UInt32, at time: Timestamp) -> Int? {
        let stack = flows[position].layers
        guard trackers.stacks[stack].count < LayerStack.capacity,
            let index = trackers.insert(kind, on: trackers.stacks[stack][depth], of: flows[position], at: time)
        else { return nil }
        let place = trackers.stacks[stack].push(kind, index: index, on: depth)
        noteReaders(of: position)
        return place
    }

    /// What the flow's datagrams are asked first, now that its layers are others.
    private mutating func noteReaders(of position: UInt32) {
        let stack = flows[position].layers
        let kinds = trackers.stacks[stack].kinds
        guard kinds.contains(.media), !kinds.contains(.exclusive), let depth = trackers.stacks[stack].above(0, .rtp)
        else {
            flows[position].media = FlowEntry.none
            return
        }
        let index = trackers.stacks[stack][depth].index
        flows[position].media = index
        trackers.rtp[index].isAlone = !kinds.contains(.setup)
    }

    /// Takes the layer at `depth` off, with all that stands on it.
    private mutating func pop(_ position: UInt32, to depth: Int) {
        var gone: [LayerStack.Layer] = []
        trackers.stacks[flows[position].layers].pop(to: depth) { gone.append($0) }
        for layer in gone { trackers.remove(layer) }
        noteReaders(of: position)
    }

    /// Forgets the flow's layers above its transport's tracker; later packets may build them again.
    mutating func dropStack(_ position: UInt32) {
        trackers.removeStack(flows[position].layers)
        flows[position].layers = FlowEntry.none
        flows[position].media = FlowEntry.none
    }

    // MARK: Signals

    /// Does what the layer at `depth` asks for; false when it is not there any more.
    private mutating func obey(_ position: UInt32, _ depth: Int, events: Int) -> Bool {
        guard !observation.signals.isEmpty else { return true }
        var signals: [Signal] = []
        swap(&signals, &observation.signals)
        defer {
            signals.removeAll(keepingCapacity: true)
            swap(&signals, &observation.signals)
        }
        for signal in signals {
            switch signal {
            case .notThisProtocol:
                refute(position, depth, events: events)
                return false
            case .clientIs(let direction): clientIs(direction, position)
            case .applicationProtocol(let name): agreed(on: name, position, depth)
            case .upgraded(let kind): replaceReader(position, on: depth, by: kind)
            case .connectionID(let identifier, let owner):
                quicPaths.announcements.append(
                    ConnectionDirectory.Announcement(
                        identifier: identifier,
                        owner: ConnectionDirectory.Owner(flow: flows[position].reference(at: position), end: owner)))
            case .closed(let state): ascent.closing = state
            // Known to who asked for them: TCP's and QUIC's entries.
            case .established, .handshakeStep: break
            case .correlator(.earlyHello(let random)): note(.earlyHello(random), of: position, at: observation.time)
            case .correlator(.reflectedAddress(let mapped, let behindRouter)):
                let reflected = JoinFact.Kind.reflected(
                    socket: flows[position].clientEndpoint, by: flows[position].serverEndpoint, as: mapped,
                    isBehindRouter: behindRouter)
                note(reflected, of: position, at: observation.time)
            case .correlator(.iceUserName), .correlator(.relayedAddress): break
            }
        }
        return true
    }

    /// The layer at `depth` cannot read what it is given: what it said of it is forgotten.
    private mutating func refute(_ position: UInt32, _ depth: Int, events: Int) {
        observation.events.removeLast(max(0, observation.events.count - events))
        observation.deliveries.removeAll()
        let carrier = Int(trackers.stacks[flows[position].layers][depth].carrier)
        pop(position, to: depth)
        giveUp(position, carrier)
    }

    private mutating func agreed(on name: String, _ position: UInt32, _ depth: Int) {
        let stack = flows[position].layers
        let carrier = trackers.stacks[stack][depth]
        let choice = LayerSelection.reader(on: carrier.kind, agreed: name, offered: [], bytes: RawSpan())
        guard case .reader(let kind, _) = choice else {
            if let above = trackers.stacks[stack].above(depth) { pop(position, to: above) }
            trackers.stopDelivering(carrier)
            return
        }
        if let above = trackers.stacks[stack].above(depth), trackers.stacks[stack][above].kind != kind {
            pop(position, to: above)
        }
    }

    private mutating func replaceReader(_ position: UInt32, on depth: Int, by kind: ProtocolKind) {
        if let above = trackers.stacks[flows[position].layers].above(depth) { pop(position, to: above) }
        _ = push(kind, on: depth, of: position, at: observation.time)
    }

    /// Only the client can have sent what travels in `direction`. A SYN would know better.
    mutating func clientIs(_ direction: Direction, _ position: UInt32) {
        guard direction == .fromServer, flows[position].orientation != .syn else { return }
        exchangeEnds(of: position)
        flows[position].orientation = .request
    }

    /// The client of the flow was guessed wrong: in every layer, what was noted for one end is the other's.
    mutating func exchangeEnds(of position: UInt32) {
        flows[position].exchangeEnds()
        if flows[position].tcp != FlowEntry.none { trackers.tcp[flows[position].tcp].exchangeEnds() }
        let stack = flows[position].layers
        guard stack != FlowEntry.none else { return }
        for depth in 0..<trackers.stacks[stack].count { trackers.exchangeEnds(trackers.stacks[stack][depth]) }
    }

    // MARK: Afterwards

    /// Everything about a packet was observed: people are told, and a flow that is over is filed as such.
    mutating func conclude(_ position: UInt32, at time: Timestamp) {
        if !observation.events.isEmpty { flushEvents(of: position, at: time) }
        guard let state = ascent.closing else { return }
        ascent.closing = nil
        guard flows[position].standing != .over else { return }
        flows.change(position, to: .over)
        emit(.flowClose(state), of: position, at: time)
    }

    mutating func flushEvents(of position: UInt32, at time: Timestamp) {
        if options.collectsEvents || options.keepsSeries {
            for kind in observation.events { emit(kind, of: position, at: time) }
        }
        observation.events.removeAll(keepingCapacity: true)
    }

    // MARK: Report

    /// Fills in what the layers know, from the transport up.
    func fillLayers(_ flow: inout FlowSnapshot, _ entry: borrowing FlowEntry, at time: Timestamp) {
        let steps = handshakeSteps(entry)
        for depth in 0..<trackers.stacks[entry.layers].count {
            trackers.report(trackers.stacks[entry.layers][depth], into: &flow, after: steps, at: time)
        }
    }

    /// The flow was found to carry TLS.
    func isTLS(_ position: UInt32) -> Bool {
        guard let index = trackers.index(of: .tls, in: flows[position].layers) else { return false }
        return trackers.tls[index].verdict == .tls
    }
}

/// What the way up keeps between two layers.
struct Ascent: ~Copyable {
    /// What waits for the layer above, by the place of the layer that handed it up; kept for its storage.
    var waiting = InlineArray<8, DeliveryQueue> { _ in DeliveryQueue() }
    /// The flow being tracked was found to be over.
    var closing: FlowState?
}
