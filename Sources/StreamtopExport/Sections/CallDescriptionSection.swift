import StreamtopBase
import StreamtopModel

extension JSONWriter {
    /// What messages of signalling say of a call.
    mutating func descriptions(_ descriptions: [CallDescription]) {
        guard !descriptions.isEmpty else { return }
        array("sdp", descriptions) { json, one in
            json.object { json in
                json.time("ts", one.time)
                json.member("from", one.from)
                json.member("role", one.role)
                json.array("media", one.media) { $0.string($1) }
                json.array("ice_ufrag", one.userFragments) { $0.string($1) }
                json.array("fingerprints", one.fingerprints) { $0.string($1) }
                json.array("payload_types", one.codecs) { json, codec in
                    json.object { json in
                        json.member("pt", Int(codec.payloadType))
                        json.member("codec", codec.name)
                        json.member("clock_rate_hz", codec.clockRate)
                    }
                }
                json.array("extensions", one.extensions) { json, known in
                    json.object { json in
                        json.member("id", Int(known.identifier))
                        json.member("uri", known.name)
                    }
                }
                json.array("candidates", one.candidates) { json, candidate in
                    json.object { json in
                        json.member("type", candidate.type)
                        json.member("transport", candidate.transport)
                        json.member("address", candidate.endpoint?.description)
                    }
                }
                json.array("simulcast", one.simulcast) { $0.string($1) }
            }
        }
    }
}
