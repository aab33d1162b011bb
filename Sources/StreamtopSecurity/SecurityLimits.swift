import StreamtopBase
import StreamtopCrypto

/// The caps of this room, each registered where its owner is.
package enum SecurityLimits {
    package static let all: [Limit] =
        HandshakeFacts.limits + TLSDirection.limits + DTLSDirection.limits + DTLSHandshakeMessages.limits
        + CertificateCache.limits
}
