import StreamtopBase

/// A connection as this host's NAT tracks it: the ends that its first packet had, and those that an answer has.
package struct Translation: Hashable, Sendable {
    /// Source and destination of packets in one direction.
    package struct Ends: Hashable, Sendable {
        package var source: Endpoint
        package var destination: Endpoint

        package init(source: Endpoint, destination: Endpoint) {
            self.source = source
            self.destination = destination
        }
    }

    package var transport: UInt8
    package var original: Ends
    package var reply: Ends

    package init(transport: UInt8, original: Ends, reply: Ends) {
        self.transport = transport
        self.original = original
        self.reply = reply
    }

    /// The two directions differ by more than their order: something on this host rewrites addresses or ports.
    package var isRewritten: Bool { original.source != reply.destination || original.destination != reply.source }

    /// The flow before the NAT, seen from the end that opened it, and behind it.
    package var before: FlowKey {
        FlowKey(source: original.source, destination: original.destination, transport: transport)
    }
    package var after: FlowKey {
        FlowKey(source: reply.source, destination: reply.destination, transport: transport)
    }

    /// The counterpart of the flow `seen`: the same connection with the ends that it has beyond the NAT, and how
    /// each of them is called in `seen`. nil where nothing is rewritten, or `seen` is neither flow.
    package func counterpart(of seen: FlowKey) -> Counterpart? {
        guard isRewritten else { return nil }
        // The initiator is the source of the first packet and the destination of an answer.
        if seen == before {
            return Counterpart(
                initiator: reply.destination, responder: reply.source, seenInitiator: original.source,
                seenResponder: original.destination)
        }
        if seen == after {
            return Counterpart(
                initiator: original.source, responder: original.destination, seenInitiator: reply.destination,
                seenResponder: reply.source)
        }
        return nil
    }

    package struct Counterpart: Equatable, Sendable {
        package var initiator: Endpoint
        package var responder: Endpoint
        package var seenInitiator: Endpoint
        package var seenResponder: Endpoint

        /// How the capture calls that end; nil for an end of another connection.
        package func seen(_ end: Endpoint) -> Endpoint? {
            end == initiator ? seenInitiator : end == responder ? seenResponder : nil
        }
    }
}
