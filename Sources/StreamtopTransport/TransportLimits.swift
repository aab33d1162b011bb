import StreamtopBase

/// The caps of this room, each registered where its owner is.
package enum TransportLimits {
    package static let all: [Limit] =
        TCPSegmentQueue.limits + TCPAcknowledgmentLog.limits + TCPRepairRecord.limits + TCPByteStream.limits
        + STUNTracker.limits + SCTPAssociationTracker.limits + STUNStreamReader.limits + TURNRelay.limits
        + RelayedDatagrams.limits + QUICEndpoint.limits
        + QUICConnectionTracker.limits + QUICWaitingPackets.limits + QUICStreamTable.limits
}
