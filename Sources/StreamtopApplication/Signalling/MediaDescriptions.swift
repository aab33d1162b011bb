import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What signalling says of media at an address: one end of one `m=` section.
package struct MediaDescription: Equatable, Sendable {
    /// Names the call among those of its signalling.
    package var call: String
    package var kind: String
    /// Where its author receives it.
    package var endpoint: Endpoint
    package var isProtected: Bool
    package var codecs: [SessionDescription.Codec]
    /// What its author sends with, and the other end.
    package var keys: [SessionDescription.Crypto]
    package var otherKeys: [SessionDescription.Crypto] = []
}

/// What an end of a call said that it sends and receives, whatever addresses it is found at.
package struct CallEndDescription: Equatable, Sendable {
    package var codecs: [CallDescription.Codec] = []
    package var extensions: [CallDescription.Extension] = []
}

/// Media that signalling announced, by the address that receives it. Bounded: the oldest goes first.
package struct MediaDescriptions: Sendable {
    static let capacity = 4_096
    /// Codecs and header extensions of one end.
    private static let entriesOfEnd = 128

    static let limits = [
        Limit("media described by signalling", capacity, per: .engine, policy: "the oldest goes, counted"),
        Limit("ends of calls described by signalling", capacity, per: .engine, policy: "the oldest goes, counted"),
    ]

    private var ends = BoundedMap<String, CallEndDescription>(capacity: Self.capacity)
    private var entries = BoundedMap<Endpoint, MediaDescription>(capacity: Self.capacity)
    /// Grows with every change.
    package private(set) var generation = 0

    init() {}

    package var isEmpty: Bool { entries.count == 0 }
    package subscript(endpoint: Endpoint) -> MediaDescription? { entries[endpoint] }
    /// The end of a call that checks under this username fragment.
    package subscript(fragment fragment: String) -> CallEndDescription? { ends[fragment] }

    /// Takes over what ends of calls said. What an end adds later holds beside what it said before.
    package mutating func note(_ descriptions: [CallDescription]) {
        for one in descriptions where !one.codecs.isEmpty {
            for fragment in one.userFragments {
                var end = ends[fragment] ?? CallEndDescription()
                let before = end
                for codec in one.codecs where end.codecs.count < Self.entriesOfEnd && !end.codecs.contains(codec) {
                    end.codecs.append(codec)
                }
                for known in one.extensions
                where end.extensions.count < Self.entriesOfEnd && !end.extensions.contains(known) {
                    end.extensions.append(known)
                }
                guard end != before else { continue }
                ends.insert(end, for: fragment, renews: true)
                generation &+= 1
            }
        }
    }

    /// Takes over what one end described; `other` is what the other end had described before, if it did.
    mutating func note(_ description: SessionDescription, of call: String, other: SessionDescription?) {
        for (index, media) in description.media.enumerated() {
            guard let endpoint = media.endpoint else { continue }
            var entry = MediaDescription(
                call: call, kind: media.kind, endpoint: endpoint, isProtected: media.isProtected, codecs: media.codecs,
                keys: media.crypto)
            if let other, index < other.media.count {
                entry.otherKeys = other.media[index].crypto
                if let there = other.media[index].endpoint, var known = entries[there] {
                    known.otherKeys = media.crypto
                    // An answer takes one of the keys that were offered (RFC 4568 section 5.1.3).
                    if let tag = media.crypto.first?.tag, media.crypto.count == 1 {
                        known.keys = known.keys.filter { $0.tag == tag }
                        entry.otherKeys = entry.otherKeys.filter { $0.tag == tag }
                    }
                    entries.insert(known, for: there)
                }
            }
            guard entries[endpoint] != entry else { continue }
            entries.insert(entry, for: endpoint, renews: true)
            // RTCP comes on the next port where nothing else is said (RFC 3550 section 11).
            if !media.sharesPort, endpoint.port < .max {
                var control = entry
                control.endpoint.port = media.controlPort ?? endpoint.port + 1
                entries.insert(control, for: control.endpoint, renews: true)
            }
            generation &+= 1
        }
    }
}
