"""Tables and counters of the peer: SQLAlchemy on SQLite."""
import datetime as dt

from sqlalchemy import (JSON, BigInteger, Boolean, Column, DateTime, Float, Integer, String,
                        create_engine, event)
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, declarative_base, sessionmaker
from sqlalchemy.pool import QueuePool

import settings

engine = create_engine(settings.DATABASE_URL, poolclass=QueuePool, pool_size=16, max_overflow=64,
                       connect_args={"check_same_thread": False, "timeout": 30})
SessionLocal = sessionmaker(bind=engine, autoflush=False, expire_on_commit=False)
Base = declarative_base()


@event.listens_for(engine, "connect")
def configure(connection, _):
    """The fastest SQLite there is short of memory: nothing is ever synced."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")


def now() -> dt.datetime:
    return dt.datetime.utcnow()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String, unique=True, nullable=False)
    username = Column(String, unique=True, nullable=False)
    hashed_password = Column(String, nullable=False)
    is_active = Column(Boolean, default=True, nullable=False)
    created_at = Column(DateTime, default=now, nullable=False)


class GuestSession(Base):
    __tablename__ = "guest_sessions"
    guest_id = Column(String, primary_key=True)
    is_revoked = Column(Boolean, default=False, nullable=False)
    created_at = Column(DateTime, default=now, nullable=False)
    expires_at = Column(DateTime, nullable=False)


class Usage(Base):
    """One caller's figures. The caller is "user:ID" or "guest:ID"."""
    __tablename__ = "usage_stats"
    caller = Column(String, primary_key=True)
    total_files_uploaded = Column(Integer, default=0, nullable=False)
    total_files_processed = Column(Integer, default=0, nullable=False)
    total_files_failed = Column(Integer, default=0, nullable=False)
    total_files_downloaded = Column(Integer, default=0, nullable=False)
    total_input_bytes = Column(BigInteger, default=0, nullable=False)
    total_output_bytes = Column(BigInteger, default=0, nullable=False)
    total_processing_seconds = Column(Float, default=0.0, nullable=False)
    processing_types = Column(JSON, default=dict, nullable=False)
    api_calls_count = Column(Integer, default=0, nullable=False)
    first_upload_at = Column(DateTime)
    last_upload_at = Column(DateTime)
    last_download_at = Column(DateTime)
    last_api_call_at = Column(DateTime)
    created_at = Column(DateTime, default=now, nullable=False)


class Job(Base):
    __tablename__ = "jobs"
    job_id = Column(String, primary_key=True)
    caller = Column(String, index=True, nullable=False)
    status = Column(String, default="pending", nullable=False)
    original_filename = Column(String, nullable=False)
    processing_type = Column(String, nullable=False)
    file_size = Column(BigInteger, nullable=False)
    input_path = Column(String, nullable=False)
    output_path = Column(String)
    created_at = Column(DateTime, default=now, nullable=False)
    completed_at = Column(DateTime)


def create_tables() -> None:
    try:
        Base.metadata.create_all(engine)
    except OperationalError:
        pass  # the other worker process made them at the same moment


def usage_of(db: Session, caller: str) -> Usage:
    """The caller's row, made when it is not there yet."""
    row = db.get(Usage, caller)
    if row is None:
        try:
            db.add(Usage(caller=caller))
            db.commit()
        except IntegrityError:
            db.rollback()  # another request was first
        row = db.get(Usage, caller)
    return row


def count(db: Session, caller: str, **changes) -> None:
    """Adds to figures in one UPDATE, so that no worker's change is lost. Does not commit."""
    query = db.query(Usage).filter(Usage.caller == caller)
    if query.update(changes, synchronize_session=False) == 0:
        usage_of(db, caller)
        query.update(changes, synchronize_session=False)
