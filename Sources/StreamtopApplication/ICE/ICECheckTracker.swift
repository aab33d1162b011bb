import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// Connectivity checks between two addresses (RFC 8445 section 7), beside whatever else the flow carries.
package struct ICECheckTracker: ~Copyable {
    /// Transactions under way at one end.
    private static let openCapacity = 128
    /// Starts of ICE between two addresses that are told apart.
    private static let nameCapacity = 16
    /// Consent begins once the pair has answered; checks a moment later belong to it. Own: agents repeat a check within
    /// 50 to 500 ms (RFC 8445 section 14.3).
    private static let settling: Nanoseconds = .milliseconds(300)

    private struct Transaction {
        var identifier: STUNTransaction
        var time: Timestamp
        var requests = 1
        var nominates: Bool
        var isAnswered = false
    }

    private struct End: ~Copyable {
        var facts = ICESnapshot.End()
        var open: [Transaction] = []
        var roundTrips = RoundTripSamples()
        var newest: (value: Nanoseconds, time: Timestamp)?
    }

    private var client = End()
    private var server = End()
    private var userNames: [ICEUserName] = []
    private var reflected: [Endpoint] = []
    /// Addresses that servers reflected, as many as are kept.
    private static let reflectedCapacity = 16

    package static let limits = [
        Limit("checks under way", openCapacity, per: .direction, policy: "the oldest goes"),
        Limit("starts of ICE between two addresses", nameCapacity, per: .flow, policy: "more are not told apart"),
    ]

    package init() {}

    /// Memory of the checks under way.
    package var heldBytes: Int { (client.open.capacity + server.open.capacity) * MemoryLayout<Transaction>.stride }

    /// A check of ICE was seen.
    package var isKnown: Bool { client.facts.requests + server.facts.requests > 0 || !reflected.isEmpty }

    package mutating func observe(_ message: STUNMessage, _ now: inout Observation) {
        guard message.header.method == .binding || message.header.method == .googPing else { return }
        if now.hopLimit > 0 {
            if now.direction == .fromClient {
                client.facts.hopLimit = now.hopLimit
            } else {
                server.facts.hopLimit = now.hopLimit
            }
        }
        switch message.header.messageClass {
        case .request:
            // Without a user name it is no check: a server is asked for an address. libwebrtc's short check has none.
            guard message.username != nil || message.header.method == .googPing else { return }
            if let name = message.username { note(name) }
            if now.direction == .fromClient {
                Self.request(message, &client, at: now.time)
            } else {
                Self.request(message, &server, at: now.time)
            }
        case .success, .error:
            let isNominated =
                now.direction == .fromServer
                ? Self.answer(message, &client, at: now.time) : Self.answer(message, &server, at: now.time)
            if now.direction == .fromServer { noteReflected(message) }
            if isNominated { now.tell(.nominated(by: now.direction.reversed)) }
        case .indication: break
        }
    }

    private mutating func note(_ attribute: String) {
        guard let name = ICEUserName(attribute), !userNames.contains(name), userNames.count < Self.nameCapacity else {
            return
        }
        userNames.append(name)
    }

    /// An answer to a question for an address.
    private mutating func noteReflected(_ message: STUNMessage) {
        guard let mapped = message.mappedAddress, !reflected.contains(mapped), reflected.count < Self.reflectedCapacity,
            !client.open.contains(where: { $0.identifier == message.header.transaction })
        else { return }
        reflected.append(mapped)
    }

    private static func request(_ message: STUNMessage, _ end: inout End, at time: Timestamp) {
        end.facts.requests += 1
        end.facts.unanswered += 1
        end.facts.firstRequest = end.facts.firstRequest ?? time
        end.facts.lastRequest = time
        if let role = message.role { end.facts.role = role == .controlling ? .controlling : .controlled }
        if let first = end.facts.firstAnswer, time - first > settling { end.facts.consentSent += 1 }
        if let known = end.open.lastIndex(where: { $0.identifier == message.header.transaction }) {
            end.open[known].requests += 1
            if message.usesCandidate { end.open[known].nominates = true }
            return
        }
        if end.open.count == openCapacity { end.open.removeFirst() }
        end.open.append(
            Transaction(identifier: message.header.transaction, time: time, nominates: message.usesCandidate))
    }

    /// True when this is the first answer that nominates the pair.
    private static func answer(_ message: STUNMessage, _ end: inout End, at time: Timestamp) -> Bool {
        guard let position = end.open.lastIndex(where: { $0.identifier == message.header.transaction }) else {
            return false
        }
        guard message.header.messageClass == .success else {
            if message.errorCode == 487 { end.facts.roleConflicts += 1 }
            return false
        }
        let open = end.open[position]
        end.open[position].isAnswered = true
        end.facts.responses += 1
        end.facts.unanswered = 0
        end.facts.lastAnswer = time
        if let first = end.facts.firstAnswer, time - first > settling { end.facts.consentAnswered += 1 }
        end.facts.firstAnswer = end.facts.firstAnswer ?? time
        if let mapped = message.mappedAddress { end.facts.mapped = mapped }
        if open.requests == 1, !open.isAnswered {
            end.roundTrips.record(time - open.time, at: time)
            end.newest = (time - open.time, time)
        }
        guard open.nominates else { return false }
        end.facts.lastNominated = time
        guard end.facts.nominated == nil else { return false }
        end.facts.nominated = time
        return true
    }

    /// Own: agents check a pair in use every 2.5 to 5 s (RFC 7675 section 5.1); what is much older says nothing of now.
    private static let freshness: Nanoseconds = .seconds(12)

    /// The newest round trip to the end that answers this one; nil when it is not of now.
    package func newestRoundTrip(_ asker: Direction, at time: Timestamp) -> Nanoseconds? {
        guard let newest = asker == .fromClient ? client.newest : server.newest else { return nil }
        return time - newest.time <= Self.freshness ? newest.value : nil
    }

    package mutating func exchangeEnds() { swap(&client, &server) }

    package var report: ICESnapshot {
        var result = ICESnapshot()
        result.client = client.facts
        result.client.roundTrip = RoundTripSnapshot(client.roundTrips, source: .stun)
        result.server = server.facts
        result.server.roundTrip = RoundTripSnapshot(server.roundTrips, source: .stun)
        result.userNames = userNames
        result.reflected = reflected
        return result
    }
}
