import StreamtopBase
import StreamtopModel

extension JSONWriter {
    mutating func stunSection(_ stun: STUNSnapshot) {
        object("stun") { json in
            json.member("requests", stun.requests)
            json.member("responses", stun.responses)
            json.member("errors", stun.errors)
            json.member("indications", stun.indications)
            json.member("retransmissions", stun.retransmissions)
            json.member("unanswered", stun.unanswered)
            json.array("mapped", stun.mapped) { $0.string($1.description) }
            // By the end that answers; the server's, where both were asked.
            if stun.serverRoundTrip != nil {
                json.roundTrip("rtt", stun.serverRoundTrip)
                json.roundTrip("client_rtt", stun.clientRoundTrip)
            } else {
                json.roundTrip("rtt", stun.clientRoundTrip)
            }
            if stun.clientSoftware != nil || stun.serverSoftware != nil {
                json.object("software") { json in
                    json.member("client", stun.clientSoftware)
                    json.member("server", stun.serverSoftware)
                }
            }
            if !stun.errorCodes.isEmpty {
                json.object("error_codes") { json in
                    for error in stun.errorCodes { json.member(named: String(error.code), error.count) }
                }
            }
            if !stun.unknownMethods.isEmpty {
                json.object("unknown_methods") { json in
                    for method in stun.unknownMethods {
                        json.member(named: "0x\(String(method.code, radix: 16))", method.count)
                    }
                }
            }
            if stun.isClassic { json.member("classic", true) }
            if stun.wrongFingerprints > 0 { json.member("wrong_fingerprints", stun.wrongFingerprints) }
        }
    }

    /// The members of an allocation.
    mutating func allocation(_ allocation: TURNAllocationSnapshot, client: Endpoint, server: Endpoint) {
        member("client", client.description)
        member("server", server.description)
        member("relayed", allocation.relayed.description)
        member("transport", allocation.transport)
        member("lifetime_s", Int(allocation.lifetime))
        ratio("expires_in_s", max(0, allocation.expiresIn.seconds))
        member("lapsed", allocation.lapsed)
        member("permissions", allocation.permissions)
        member("channels", allocation.channels)
        member("bytes", allocation.bytes)
    }

    mutating func turnSection(_ turn: TURNSnapshot, _ flow: FlowSnapshot) {
        object("turn") { json in
            if let allocation = turn.allocation {
                json.object("allocation") { json in
                    json.allocation(allocation, client: flow.client.endpoint, server: flow.server.endpoint)
                }
            }
            json.member("channels", turn.channels)
            json.member("channel_data_packets", turn.channelDataPackets)
            json.member("indications", turn.indications)
        }
    }
}
