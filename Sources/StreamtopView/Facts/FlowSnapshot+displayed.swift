import StreamtopBase
import StreamtopModel

/// Which of a flow's facts a table shows in one cell, and with which reservation.
extension FlowSnapshot {
    /// The end that sends most: whose window and loss matter.
    var mainSender: Direction { client.payloadBytes > server.payloadBytes ? .fromClient : .fromServer }

    /// The server under the best name there is for it: the one that the client asked for, else what the capture calls it.
    var displayedServer: EndpointSnapshot {
        guard let name = tls?.serverName else { return server }
        var named = server
        named.name = name
        return named
    }

    /// The processes of this host at its ends, those of the server first.
    var owners: [ProcessSnapshot] { [processes?.server, processes?.client].compactMap { $0 }.filter(\.isKnown) }

    /// The process that the flow is named by: that of this host's end, where both ends are here the server's.
    var owner: ProcessSnapshot? { owners.first }

    func end(_ direction: Direction) -> EndpointSnapshot { direction == .fromClient ? client : server }

    /// The whole loop between the ends. One component alone is the whole only where the capture sits at the other end, and a
    /// lower bound of it anywhere else.
    var displayedRoundTrip: Reading<Nanoseconds>? {
        if let total = roundTrip.total { return Reading(total.smoothed) }
        switch (roundTrip.client, roundTrip.server) {
        case (let client?, let server?):
            return Reading(saturatingAdd(client.smoothed, server.smoothed), .about)
        case (nil, let server?):
            return Reading(server.smoothed, isAt(.client) ? .exact : .atLeast)
        case (let client?, nil):
            return Reading(client.smoothed, isAt(.server) ? .exact : .atLeast)
        case (nil, nil):
            return nil
        }
    }

    private func isAt(_ end: Vantage) -> Bool { tcp?.vantage == end || tcp?.vantage == .loopback }

    /// The larger of both directions' queues, now. The round trip beside it is smoothed, and holds it.
    var displayedQueueDelay: Nanoseconds? {
        guard let queue = largerQueue else { return nil }
        return displayedRoundTrip.map { min(queue, $0.value) } ?? queue
    }

    private var largerQueue: Nanoseconds? {
        switch (queueDelay.client?.last, queueDelay.server?.last) {
        case (let client?, let server?): max(client, server)
        case (let client?, nil): client
        case (nil, let server): server
        }
    }

    /// The larger of both directions' queues that 95 % of the flow's life stayed below.
    var worstQueue: Nanoseconds? {
        [queueDelay.client?.p95, queueDelay.server?.p95].compactMap { $0 }.max()
    }

    var displayedInFlight: Reading<Int>? {
        (tcp?[mainSender].inFlight ?? quic?[mainSender].inFlight).map {
            Reading($0.last, $0.isLowerBound ? .atLeast : .exact)
        }
    }

    var displayedCongestionWindow: Reading<Int>? {
        (tcp?[mainSender].congestionWindow ?? quic?[mainSender].congestionWindow).map { window in
            Reading(window.bytes, window.isLowerBound ? .atLeast : window.source == .kernel ? .exact : .about)
        }
    }

    /// What the receiving end advertises.
    var displayedReceiveWindow: ReceiveWindowSnapshot? { tcp?[mainSender.reversed].receiveWindow }

    /// Lost of sent, of the main sender; nil when unknown, and for flows whose transport does not tell.
    var displayedLossRatio: Double? { tcp?[mainSender].lossRatio ?? quic?[mainSender].lossRatio }

    /// The main sender's congestion control, where its transport tells.
    var displayedCongestionControl: CongestionControlSnapshot? {
        tcp?[mainSender].congestionControl ?? quic?[mainSender].congestionControl
    }

    var displayedRetransmissions: Int? {
        tcp.map { $0.client.retransmissions.packets + $0.server.retransmissions.packets }
    }

    /// The verdict to name first.
    var worstVerdict: Verdict? { verdicts.min { $0.isDisplayedBefore($1) } }

    var age: Nanoseconds { max(0, end - start) }

    /// Neither end sent in the last second.
    var isIdle: Bool { client.rate == 0 && server.rate == 0 }

    /// The protocols worth a badge: everything above IP, without what the next one implies.
    var displayedProtocols: [String] {
        let layers = protocols.filter { $0 != "ipv4" && $0 != "ipv6" }
        let badges = layers.count > 2 && layers.first == "udp" ? Array(layers.dropFirst()) : layers
        return badges.isEmpty ? protocols.suffix(1) + [] : badges
    }
}

extension ProcessSnapshot {
    /// Something is known that a user can be told.
    var isKnown: Bool { name != nil || user != nil || pid != nil }
}

extension QUICEndpointSnapshot {
    /// Lost of sent packets; nil while none was acknowledged or lost.
    var lossRatio: Double? {
        guard let lost = lostPackets, let acked = ackedPackets, lost + acked > 0 else { return nil }
        return Double(lost) / Double(lost + acked)
    }
}

extension Verdict {
    /// Order of lists: severity, then the rule table's priority, then age.
    func isDisplayedBefore(_ other: Verdict) -> Bool {
        if severity != other.severity { return severity > other.severity }
        if priority != other.priority { return priority < other.priority }
        return firstSeen < other.firstSeen
    }
}

extension Snapshot {
    /// The flow of that number. Flows are in ascending order.
    func flowIndex(_ identifier: FlowIdentifier, hint: Int = -1) -> Int? {
        if flows.indices.contains(hint), flows[hint].identifier == identifier { return hint }
        var low = 0
        var high = flows.count
        while low < high {
            let middle = (low + high) / 2
            if flows[middle].identifier < identifier { low = middle + 1 } else { high = middle }
        }
        return low < flows.count && flows[low].identifier == identifier ? low : nil
    }
}
