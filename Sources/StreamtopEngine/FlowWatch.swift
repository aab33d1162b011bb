import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Which frames are counted in some flows, for whoever writes these frames to a file.
///
/// The engine's own answer, so that a second one cannot differ from it: a flow goes on in another VLAN or tunnel and over
/// other addresses, and a later flow on its ports is another. Fragments wait for each other, so those between the two hosts
/// of the flow are taken as they come, whichever flow they turn out to belong to.
struct FlowWatch: Sendable {
    private struct Watched: Sendable {
        var flow: FlowIdentifier
        var client: IPAddress
        var server: IPAddress
        var protocolNumber: UInt8
        var frames: [FrameRecord] = []
    }

    private var watched: [Watched] = []
    /// The frame that is analysed now.
    private var frame: FrameRecord?
    /// Frames of flows without a name, a part of a batch at most.
    private var unnamed: [(flow: FlowIdentifier, frame: FrameRecord)] = []
    private(set) var isOn = false

    mutating func add(_ flow: FlowIdentifier, client: IPAddress, server: IPAddress, protocolNumber: UInt8) {
        guard !watched.contains(where: { $0.flow == flow }) else { return }
        watched.append(Watched(flow: flow, client: client, server: server, protocolNumber: protocolNumber))
        isOn = true
    }

    /// Nobody takes the flow's frames any more.
    mutating func remove(_ flow: FlowIdentifier) {
        watched.removeAll { $0.flow == flow }
        isOn = !watched.isEmpty
    }

    /// A frame is analysed next.
    mutating func begin(_ record: FrameRecord, _ decoded: borrowing DecodedFrame) {
        frame = record
        guard let fragment = decoded.fragment else { return }
        for index in watched.indices where fragment.protocolNumber == watched[index].protocolNumber {
            let (client, server) = (watched[index].client, watched[index].server)
            let isBetween =
                decoded.source == client && decoded.destination == server
                || decoded.source == server && decoded.destination == client
            if isBetween { watched[index].frames.append(record) }
        }
    }

    /// The frame is counted in a flow. One that was opened in this part of the batch has no name yet: its frames wait.
    mutating func count(in flow: FlowIdentifier) {
        guard let frame else { return }
        if flow.number & FlowRanks.unranked != 0 { return unnamed.append((flow: flow, frame: frame)) }
        for index in watched.indices where watched[index].flow == flow { watched[index].frames.append(frame) }
    }

    /// Flows opened in the part before have their names.
    mutating func settle(_ name: (FlowIdentifier) -> FlowIdentifier) {
        for waiting in unnamed {
            let flow = name(waiting.flow)
            for index in watched.indices where watched[index].flow == flow {
                watched[index].frames.append(waiting.frame)
            }
        }
        unnamed.removeAll(keepingCapacity: true)
    }

    /// The flow's frames since the call before, in order. A frame may be counted twice in a flow, as outer and as inner
    /// packet or as a fragment: it is there once.
    mutating func takeFrames(of flow: FlowIdentifier) -> [FrameRecord] {
        guard let index = watched.firstIndex(where: { $0.flow == flow }) else { return [] }
        var taken: [FrameRecord] = []
        for frame in watched[index].frames.sorted(by: { $0.offset < $1.offset })
        where taken.last?.offset != frame.offset { taken.append(frame) }
        watched[index].frames.removeAll(keepingCapacity: true)
        return taken
    }
}

extension EngineGroup {
    /// From now on the frames that are counted in a flow are kept until they are taken. The records point into the batch
    /// that was analysed last: they are to be taken before the next.
    ///
    /// - Parameters:
    ///   - client: its hosts, by which fragments are told; the flow itself need not be there yet.
    package mutating func watch(
        _ flow: FlowIdentifier, client: IPAddress, server: IPAddress, protocolNumber: UInt8
    ) {
        engine.watch.add(flow, client: client, server: server, protocolNumber: protocolNumber)
    }

    /// The flow's frames are kept no longer.
    package mutating func unwatch(_ flow: FlowIdentifier) { engine.watch.remove(flow) }

    /// Frames of a watched flow in the batches since the call before, in order.
    package mutating func takeFrames(of flow: FlowIdentifier) -> [FrameRecord] {
        engine.watch.takeFrames(of: flow)
    }
}
