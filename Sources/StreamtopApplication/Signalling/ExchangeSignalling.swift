import StreamtopBase
import StreamtopModel
import StreamtopWire

/// The part of an HTTP exchange that signals a call: descriptions in its request and in its response (WHIP, RFC 9725; WHEP; JSON of any
/// other service). Content that is none costs one comparison a delivery.
struct ExchangeSignalling: Sendable {
    /// One at most of each, kept apart: most exchanges have none, and all are moved about.
    private var request: [SignallingReader] = []
    private var response: [SignallingReader] = []
    private(set) var found: [CallDescription] = []

    init() {}

    var heldBytes: Int { (request.first?.heldBytes ?? 0) + (response.first?.heldBytes ?? 0) }

    mutating func release() {
        request = []
        response = []
    }

    /// A head is known: what follows may be a description.
    mutating func begin(_ head: HTTPMessageHead, from direction: Direction) {
        guard let reader = SignallingReader(contentType: head.contentType, coding: head.contentEncoding) else { return }
        if direction == .fromClient { request = [reader] } else { response = [reader] }
    }

    mutating func take(_ bytes: RawSpan, from direction: Direction) {
        if direction == .fromClient {
            if !request.isEmpty { request[0].feed(bytes) }
        } else {
            if !response.isEmpty { response[0].feed(bytes) }
        }
    }

    /// Content that will never come.
    mutating func skip(from direction: Direction) {
        if direction == .fromClient { request = [] } else { response = [] }
    }

    /// A message is complete.
    mutating func end(from direction: Direction, at time: Timestamp, _ reports: inout MediaReports) {
        var descriptions: [CallDescription] = []
        if direction == .fromClient {
            guard !request.isEmpty else { return }
            descriptions = request[0].end(at: time, from: direction)
            request = []
        } else {
            guard !response.isEmpty else { return }
            descriptions = response[0].end(at: time, from: direction)
            response = []
        }
        let available = max(0, SignallingReader.capacity - found.count)
        found += descriptions.prefix(available)
        reports.append(descriptions)
    }
}
