import StreamtopBase
import StreamtopModel
import StreamtopWire

/// What is said of the streams.
extension RTPFlowTracker {
    /// The proven streams in the order of their first packets.
    package func report(at time: Timestamp, tables: borrowing MediaTables) -> [RTPStreamSnapshot] {
        var list: [RTPStreamSnapshot] = []
        for stream in proven.compactMap({ streams[$0] }) where stream.state.flow == number {
            let source = tables.sources.facts(of: stream.state.source, between: hosts)
            var snapshot = stream.state.snapshot(at: time, source)
            snapshot.leg = stream.state.outgoingOf?.snapshot(source)
            // Without a single readable report nothing was counted: not zero, unknown.
            if source == nil, rtcp.readable == 0 {
                snapshot.nacks = nil
                snapshot.pictureLossIndications = nil
                snapshot.fullIntraRequests = nil
            }
            snapshot.layer = layer(of: stream)
            snapshot.transportWide = transports[stream.state.from].snapshot(at: time)
            list.append(snapshot)
        }
        fillLipSync(&list, tables)
        return list
    }

    /// What its packets say of it in header extensions that signalling named (RFC 8852, RFC 9143).
    private func layer(of stream: RTPStream) -> RTPLayerSnapshot? {
        var layer: RTPLayerSnapshot?
        for (identifier, name) in extensionNames {
            guard name.hasPrefix("urn:ietf:params:rtp-hdrext:sdes:"),
                let text = stream.state.extensions.text(identifier)
            else {
                continue
            }
            if name.hasSuffix(":mid") {
                layer = layer ?? RTPLayerSnapshot()
                layer?.media = text
            }
            if name.hasSuffix("rtp-stream-id") {
                layer = layer ?? RTPLayerSnapshot()
                layer?.restriction = text
            }
        }
        return layer
    }

    /// Sound against the picture of the same source (RFC 3550 section 6.5.1): both by their newest sender reports.
    private func fillLipSync(_ list: inout [RTPStreamSnapshot], _ tables: borrowing MediaTables) {
        for index in list.indices where list[index].isVideo == false {
            guard let sound = delay(of: list[index], tables) else { continue }
            let picture = list.first { other in
                other.isVideo == true && !other.isRepair && other.from == list[index].from
                    && delay(of: other, tables)?.name == sound.name
            }
            guard let picture, let other = delay(of: picture, tables) else { continue }
            list[index].lipSync = other.value - sound.value
        }
    }

    /// From the sender's clock to the tap, as its newest report tells; only differences of one sender's mean something.
    private func delay(
        of stream: RTPStreamSnapshot, _ tables: borrowing MediaTables
    ) -> (value: Nanoseconds, name: String)? {
        guard let source = tables.sources.facts(of: stream.source, between: hosts), let name = source.canonicalName,
            source.reportCount >= RTCPSource.leastReports, let report = source.lastReport,
            let arrival = streams[Self.key(stream.source, stream.from)]?.state.expectedArrival(of: report.timestamp)
        else { return nil }
        return (arrival - RTCPSource.time(ofNetworkTime: report.networkTime), name)
    }
}
